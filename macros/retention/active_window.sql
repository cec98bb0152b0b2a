{#- The first day at whose end a customer is no longer active, by the last order: W days after it. All that depends on the
    active window is said by this date. -#}
{% macro lapse_date(last_order_date) -%}
    {{ add_days(last_order_date, var('active_window_days')) }}
{%- endmacro %}


{#- How many days the value formulas (CLV) look back, whatever the active window is. -#}
{% macro value_window_days() -%}
    {{ return(365) }}
{%- endmacro %}


{#- Customers who were active at one day, and whether they still are at another (is_kept): whoever lapses and comes back in
    between was active at both. `days`: a CTE with the columns `first_day` and `last_day` of each of its rows, which the
    columns `by` tell apart. -#}
{% macro kept_and_lost_customers(spells, days, first_day, last_day, by=[]) -%}
    {%- set keys = [] -%}
    {%- for name in by -%}
        {%- do keys.append(days ~ '.' ~ name) -%}
    {%- endfor -%}
    {%- do keys.append('spells.customer_id') -%}
    select
        {{ keys | join(',\n        ') }},
        max(case when spells.active_until > {{ days }}.{{ last_day }} then 1 else 0 end) as is_kept
    from {{ spells }} as spells
    inner join {{ days }}
        on
            spells.active_from <= {{ days }}.{{ last_day }}
            and spells.active_until > {{ days }}.{{ first_day }}
    group by
        {{ keys | join(',\n        ') }}
    having min(case when spells.active_from <= {{ days }}.{{ first_day }} then 0 else 1 end) = 0
{%- endmacro %}
