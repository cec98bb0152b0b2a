-- A contract that is dated to the last day of a month and goes on the day after has not ended.
with subscriptions as (

    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        subscriptions.start_date,
        subscriptions.converted_monthly_amount as monthly_amount,
        subscriptions.cancellation_reason,
        case when subscriptions.end_date <= as_of.as_of_date then subscriptions.end_date end as end_date
    from {{ ref('int_subscriptions') }} as subscriptions
    inner join {{ ref('int_as_of') }} as as_of
        on subscriptions.start_date <= as_of.as_of_date
    where {{ takes_part('subscriptions') }}

),

starts as (

    select distinct
        customer_id,
        start_date
    from subscriptions

)

select
    subscriptions.subscription_id,
    subscriptions.customer_id,
    subscriptions.start_date,
    subscriptions.monthly_amount,
    subscriptions.cancellation_reason,
    coalesce(starts.start_date, subscriptions.end_date) as end_date
from subscriptions
left join starts
    on
        subscriptions.customer_id = starts.customer_id
        and {{ add_days('subscriptions.end_date', 1) }} = starts.start_date
