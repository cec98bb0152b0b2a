with activities as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.occurred_at,
        activities.activity_date,
        activities.value,
        as_of.as_of_date,
        own_types.activity_type is not null as is_own
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    left join {{ ref('engagement_weights') }} as own_types
        on activities.activity_type = own_types.activity_type
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null
        and (
            own_types.activity_type is not null
            or activities.activity_type in ('nps', 'payment_failed', 'ticket_opened')
        )

),

summed_up as (

    select
        customer_id,
        max(case when is_own then activity_date end) as last_activity_date,
        count(
            case
                when activity_type = 'payment_failed' and activity_date > {{ add_days('as_of_date', -90) }}
                    then 1
            end
        ) as payment_failed_90d,
        count(
            case
                when activity_type = 'ticket_opened' and activity_date > {{ add_days('as_of_date', -30) }}
                    then 1
            end
        ) as tickets_30d
    from activities
    group by customer_id

),

answers as (

    select
        customer_id,
        value,
        row_number() over (
            partition by customer_id
            order by occurred_at desc, value desc
        ) as rank_from_latest
    from activities
    where
        activity_type = 'nps'
        and activity_date > {{ add_days('as_of_date', -var('active_window_days')) }}

),

-- Whether the shop has a signal at all.
signals as (

    select
        count(case when first_activities.activity_type = 'payment_failed' then 1 end) > 0 as has_failed_payments,
        count(case when first_activities.activity_type = 'ticket_opened' then 1 end) > 0 as has_tickets
    from {{ ref('int_first_activities') }} as first_activities
    inner join {{ ref('int_as_of') }} as as_of
        on first_activities.first_date <= as_of.as_of_date

),

tracking as (

    {{ tracking_of_opens() }}

),

last_messages as (

    select
        messages.customer_id,
        3 - messages.opened_of_last_three as unopened_emails
    from {{ ref('int_email_messages') }} as messages
    cross join {{ ref('int_as_of') }} as as_of
    cross join tracking
    where
        {{ is_latest_settled_message('messages', 'as_of.as_of_date') | indent(8) }}
        and tracking.is_tracked

),

revenue as (

    select
        orders.customer_id,
        sum(orders.net_amount) as net_revenue_365d
    from {{ ref('int_order_sequence') }} as orders
    inner join {{ ref('int_as_of') }} as as_of
        on orders.order_date > {{ add_days('as_of.as_of_date', -365) }}
    where orders.customer_id is not null
    group by orders.customer_id

),

-- Ranks come from counts per distinct value: no sort of all customers at once.
values_below as (

    select
        net_revenue,
        {{ rate('sum(count(*)) over (order by net_revenue) - count(*)', 'sum(count(*)) over ()') }} as value_percentile
    from {{ ref('int_customers') }}
    group by net_revenue

)

select
    customers.customer_id,
    cast({{ days_between('summed_up.last_activity_date', 'as_of.as_of_date') }} as bigint) as days_since_last_activity,
    answers.value as latest_nps,
    cast(last_messages.unopened_emails as bigint) as unopened_emails,
    cast(case when signals.has_failed_payments then coalesce(summed_up.payment_failed_90d, 0) end as bigint)
        as payment_failed_90d,
    cast(case when signals.has_tickets then coalesce(summed_up.tickets_30d, 0) end as bigint) as tickets_30d,
    cast(coalesce(revenue.net_revenue_365d, 0) as decimal(28, 2)) as net_revenue_365d,
    values_below.value_percentile
from {{ ref('int_customers') }} as customers
inner join values_below
    on customers.net_revenue = values_below.net_revenue
cross join {{ ref('int_as_of') }} as as_of
cross join signals
left join summed_up
    on customers.customer_id = summed_up.customer_id
left join answers
    on
        customers.customer_id = answers.customer_id
        and answers.rank_from_latest = 1
left join last_messages
    on customers.customer_id = last_messages.customer_id
left join revenue
    on customers.customer_id = revenue.customer_id
