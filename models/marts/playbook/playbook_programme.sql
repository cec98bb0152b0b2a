{%- set measures = ['orders', 'revenue'] -%}
with sides as (

    select
        month_start,
        is_complete,
        {% for measure in measures -%}
        max(case when not is_universal_control then {{ measure }}_per_customer end) as programme_{{ measure }}_per_customer,
        max(case when is_universal_control then {{ measure }}_per_customer end) as control_{{ measure }}_per_customer,
        max(case when not is_universal_control then {{ measure }}_variance end) as programme_{{ measure }}_variance,
        max(case when is_universal_control then {{ measure }}_variance end) as control_{{ measure }}_variance,
        {% endfor -%}
        max(case when not is_universal_control then customers end) as programme_customers,
        max(case when is_universal_control then customers end) as control_customers
    from {{ ref('int_programme_months') }}
    group by
        month_start,
        is_complete

),

compared as (

    select
        *,
        {% for measure in measures -%}
        programme_{{ measure }}_per_customer - control_{{ measure }}_per_customer as {{ measure }}_difference,
        {{ confidence_z() }} * sqrt(
            programme_{{ measure }}_variance / programme_customers + control_{{ measure }}_variance / control_customers
        ) as {{ measure }}_margin{{ ',' if not loop.last }}
        {% endfor %}
    from sides

),

rules_of_months as (

    select
        rule_id,
        {{ period_start('month', 'taken_date') }} as month_start,
        {{ outcome_counts() | indent(4) }}
    from {{ ref('int_playbook_trials') }}
    group by
        rule_id,
        {{ period_start('month', 'taken_date') }}

),

won_by_rules as (

    select
        month_start,
        sum({{ value_won() | indent(8) }}) as value_won
    from rules_of_months
    group by month_start

)

select
    compared.month_start,
    compared.programme_customers,
    compared.control_customers,
    compared.programme_orders_per_customer,
    compared.control_orders_per_customer,
    compared.orders_difference,
    compared.orders_difference - compared.orders_margin as orders_difference_low,
    compared.orders_difference + compared.orders_margin as orders_difference_high,
    compared.programme_revenue_per_customer,
    compared.control_revenue_per_customer,
    compared.revenue_difference,
    compared.revenue_difference - compared.revenue_margin as revenue_difference_low,
    compared.revenue_difference + compared.revenue_margin as revenue_difference_high,
    compared.revenue_difference * compared.programme_customers as programme_value,
    won_by_rules.value_won as value_won_by_rules,
    compared.is_complete
from compared
left join won_by_rules
    on compared.month_start = won_by_rules.month_start
