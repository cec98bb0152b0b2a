-- What is counted of each signal, first by customer: so nobody has to be told apart twice.
with signals as (

    select
        'activities' as entity,
        activity_type as signal,
        source_system,
        customer_id,
        activity_date as signal_date
    from {{ ref('int_activities') }}
    where {{ takes_part() }}
    union all
    select
        'subscriptions' as entity,
        'subscriptions' as signal,
        null as source_system,
        customer_id,
        start_date as signal_date
    from {{ ref('int_subscriptions') }}
    where {{ takes_part() }}
    union all
    select
        'marketing_spend' as entity,
        'marketing_spend' as signal,
        null as source_system,
        null as customer_id,
        spend_date as signal_date
    from {{ ref('stg_marketing_spend') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
    union all
    select
        'actions_taken' as entity,
        'actions_taken' as signal,
        null as source_system,
        customer_id,
        taken_date as signal_date
    from {{ ref('int_actions_taken') }}
    where {{ takes_part() }}
    union all
    select
        'order_lines' as entity,
        'order_lines' as signal,
        null as source_system,
        orders.customer_id,
        orders.order_date as signal_date
    from {{ ref('stg_order_lines') }} as order_lines
    inner join {{ ref('int_order_sequence') }} as orders
        on order_lines.order_id = orders.order_id
    where
        order_lines.rejection_reason is null
        and not order_lines.is_superseded

),

by_customer as (

    select
        signals.entity,
        signals.signal,
        signals.source_system,
        signals.customer_id,
        count(case when signals.signal_date <= as_of.as_of_date then 1 end) as rows,
        min(case when signals.signal_date <= as_of.as_of_date then signals.signal_date end) as first_date,
        max(case when signals.signal_date <= as_of.as_of_date then signals.signal_date end) as last_date,
        count(case when signals.signal_date > as_of.as_of_date then 1 end) as rows_after_as_of_date
    from signals
    inner join {{ ref('int_as_of') }} as as_of
        on as_of.first_order_date is not null
    group by
        signals.entity,
        signals.signal,
        signals.source_system,
        signals.customer_id

)

select
    by_customer.entity,
    by_customer.signal,
    by_customer.source_system,
    cast(sum(by_customer.rows) as bigint) as rows,
    count(case when by_customer.rows > 0 then by_customer.customer_id end) as customers,
    count(case when by_customer.rows > 0 then customers.customer_id end) as known_customers,
    min(by_customer.first_date) as first_date,
    max(by_customer.last_date) as last_date,
    cast(sum(by_customer.rows_after_as_of_date) as bigint) as rows_after_as_of_date,
    by_customer.entity <> 'activities'
    or by_customer.signal in ({{ literals(known_activity_types()) }}) as is_known_type
from by_customer
left join {{ ref('int_customers') }} as customers
    on by_customer.customer_id = customers.customer_id
group by
    by_customer.entity,
    by_customer.signal,
    by_customer.source_system
