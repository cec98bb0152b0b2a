with outside as (

    select *
    from {{ ref('int_programme_months') }}
    where not is_universal_control

),

inside as (

    select *
    from {{ ref('int_programme_months') }}
    where is_universal_control

),

compared as (

    select
        outside.month_start,
        outside.is_complete,
        outside.customers as programme_customers,
        inside.customers as control_customers,
        outside.orders_per_customer as programme_orders_per_customer,
        inside.orders_per_customer as control_orders_per_customer,
        outside.revenue_per_customer as programme_revenue_per_customer,
        inside.revenue_per_customer as control_revenue_per_customer,
        outside.orders_per_customer - inside.orders_per_customer as orders_difference,
        outside.revenue_per_customer - inside.revenue_per_customer as revenue_difference,
        outside.orders_variance / outside.customers + inside.orders_variance / inside.customers
            as orders_error_squared,
        outside.revenue_variance / outside.customers + inside.revenue_variance / inside.customers
            as revenue_error_squared
    from outside
    inner join inside
        on outside.month_start = inside.month_start

),

judged as (

    select
        *,
        orders_difference - {{ confidence_z() }} * sqrt(orders_error_squared) as orders_difference_low,
        orders_difference + {{ confidence_z() }} * sqrt(orders_error_squared) as orders_difference_high,
        revenue_difference - {{ confidence_z() }} * sqrt(revenue_error_squared) as revenue_difference_low,
        revenue_difference + {{ confidence_z() }} * sqrt(revenue_error_squared) as revenue_difference_high,
        revenue_difference * programme_customers as programme_value
    from compared

),

trials as (

    select
        rule_id,
        arm,
        is_observed,
        success_amount,
        {{ period_start('month', 'taken_date') }} as month_start
    from {{ ref('int_playbook_trials') }}

),

rules_of_months as (

    select
        rule_id,
        month_start,
        {{ outcome_counts() | indent(4) }}
    from trials
    group by
        rule_id,
        month_start

),

won_by_rules as (

    select
        month_start,
        {{ sum_in_any_order(value_won()) | indent(8) }} as value_won
    from rules_of_months
    group by month_start

)

select
    judged.month_start,
    judged.programme_customers,
    judged.control_customers,
    judged.programme_orders_per_customer,
    judged.control_orders_per_customer,
    judged.orders_difference,
    judged.orders_difference_low,
    judged.orders_difference_high,
    judged.programme_revenue_per_customer,
    judged.control_revenue_per_customer,
    judged.revenue_difference,
    judged.revenue_difference_low,
    judged.revenue_difference_high,
    judged.programme_value,
    won_by_rules.value_won as value_won_by_rules,
    judged.is_complete
from judged
left join won_by_rules
    on judged.month_start = won_by_rules.month_start
