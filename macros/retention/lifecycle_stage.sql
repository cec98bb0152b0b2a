{#- Stage of a customer on a date, from the orders up to that date: the first rule that holds.
    `reactivated_on` is the latest order that came more than the active window after the one before, or null. -#}
{% macro lifecycle_stage(date, first_order_date, last_order_date, reactivated_on, orders) -%}
    case
        when {{ date }} >= {{ lapse_date(last_order_date) }} then 'lost'
        when {{ date }} >= {{ at_risk_from(last_order_date) }} then 'at_risk'
        when {{ date }} < {{ no_longer_new_from(first_order_date) }} then 'new'
        when {{ date }} < {{ no_longer_new_from(reactivated_on) }} then 'reactivated'
        when {{ orders }} >= {{ var('loyal_min_orders') }} then 'loyal'
        else 'active'
    end
{%- endmacro %}


{% macro at_risk_from(last_order_date) -%}
    {{ add_days(last_order_date, var('at_risk_after_days') + 1) }}
{%- endmacro %}


{#- By the order with which a customer was won, or won back. -#}
{% macro no_longer_new_from(order_date) -%}
    {{ add_days(order_date, var('new_window_days') + 1) }}
{%- endmacro %}


{#- The day on which stages of a month are read: its last, or as_of_date in the running month. -#}
{% macro month_end(month_start, as_of_date) -%}
    least({{ add_days(next_period_start('month', month_start), -1) }}, {{ as_of_date }})
{%- endmacro %}


{#- The stages of the retention funnel from awareness to advocacy. `prospect` is who has not ordered yet; `advocate` lies over the
    others: who recommends the shop stands in a stage of its own too. -#}
{% macro funnel_stages() -%}
    {{ return(['prospect', 'new', 'active', 'loyal', 'reactivated', 'at_risk', 'lost', 'advocate']) }}
{%- endmacro %}
