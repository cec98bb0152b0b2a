{#- Stage of a customer on a date, from the orders up to that date: the first rule that holds.
    `reactivated_on` is the latest order that came more than the active window after the one before, or null. -#}
{% macro lifecycle_stage(date, first_order_date, last_order_date, reactivated_on, orders) -%}
    case
        when {{ days_between(last_order_date, date) }} >= {{ var('active_window_days') }} then 'lost'
        when {{ days_between(last_order_date, date) }} > {{ var('at_risk_after_days') }} then 'at_risk'
        when {{ days_between(first_order_date, date) }} <= {{ var('new_window_days') }} then 'new'
        when {{ days_between(reactivated_on, date) }} <= {{ var('new_window_days') }} then 'reactivated'
        when {{ orders }} >= {{ var('loyal_min_orders') }} then 'loyal'
        else 'active'
    end
{%- endmacro %}


{#- The day on which stages of a month are read: its last, or as_of_date in the running month. -#}
{% macro month_end(month_start, as_of_date) -%}
    least({{ add_days(next_period_start('month', month_start), -1) }}, {{ as_of_date }})
{%- endmacro %}
