with surveys as (

    select
        activities.customer_id,
        activities.detail as reason,
        'survey' as source,
        {{ period_start('month', 'activities.activity_date') }} as month_start
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'churn_reason'
        and activities.customer_id is not null
        and as_of.first_order_date is not null

),

subscriptions as (

    select
        movements.customer_id,
        movements.cancellation_reason as reason,
        'subscription' as source,
        movements.month_start
    from {{ ref('int_mrr_movements') }} as movements
    inner join {{ ref('int_as_of') }} as as_of
        on movements.month_start <= as_of.as_of_date
    where
        movements.movement = 'churned'
        and as_of.first_order_date is not null

),

-- A customer who gives the same reason twice in a month counts once. What readers see is free text: no e-mails in it.
given_reasons as (

    select
        month_start,
        source,
        customer_id,
        coalesce({{ masked_text('reason') }}, 'unknown') as reason
    from surveys
    union
    select
        month_start,
        source,
        customer_id,
        coalesce({{ masked_text('reason') }}, 'unknown') as reason
    from subscriptions

),

everybody as (

    select
        month_start,
        source,
        count(distinct customer_id) as customers
    from given_reasons
    group by
        month_start,
        source

),

counted as (

    select
        month_start,
        source,
        reason,
        count(*) as customers
    from given_reasons
    group by
        month_start,
        source,
        reason

)

select
    counted.month_start,
    counted.source,
    counted.reason,
    counted.customers,
    {{ rate('counted.customers', 'everybody.customers') }} as share
from counted
inner join everybody
    on
        counted.month_start = everybody.month_start
        and counted.source = everybody.source
