{#- The first day at whose end a customer is no longer active, by the last order: W days after it. All that depends on the
    active window is said by this date. -#}
{% macro lapse_date(last_order_date) -%}
    {{ add_days(last_order_date, var('active_window_days')) }}
{%- endmacro %}


{#- How many days the value formulas (CLV) look back, whatever the active window is. -#}
{% macro value_window_days() -%}
    {{ return(365) }}
{%- endmacro %}
