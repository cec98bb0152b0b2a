with referrals as (

    select
        activities.customer_id,
        activities.activity_type,
        {{ period_start('month', 'activities.activity_date') }} as month_start
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ('referral_sent', 'referral_converted')

),

monthly_referrals as (

    select
        month_start,
        count(case when activity_type = 'referral_sent' then 1 end) as referrals_sent,
        count(case when activity_type = 'referral_converted' then 1 end) as referrals_converted,
        count(distinct customer_id) as referrers
    from referrals
    group by month_start

),

-- A customer's first order knows the date of the second.
new_customers as (

    select
        {{ period_start('month', 'orders.first_order_date') }} as month_start,
        referred.customer_id is not null as is_referred,
        {{ add_days('orders.first_order_date', 90) }} <= as_of.as_of_date as is_mature,
        coalesce(orders.next_order_date <= {{ add_days('orders.first_order_date', 90) }}, false) as has_returned
    from {{ ref('int_order_sequence') }} as orders
    cross join {{ ref('int_as_of') }} as as_of
    left join {{ ref('int_referred_customers') }} as referred
        on orders.customer_id = referred.customer_id
    where orders.order_number = 1

),

monthly_customers as (

    select
        month_start,
        count(case when is_referred then 1 end) as referred_customers,
        count(case when is_referred and is_mature then 1 end) as referred_mature,
        count(case when is_referred and is_mature and has_returned then 1 end) as referred_returned,
        count(case when not is_referred and is_mature then 1 end) as other_mature,
        count(case when not is_referred and is_mature and has_returned then 1 end) as other_returned
    from new_customers
    group by month_start

),

-- Without any of them there are no rows.
kinds as (

    select activity_type as kind
    from referrals
    union
    select 'referred_customer' as kind
    from new_customers
    where is_referred

),

found as (

    select count(*) as kinds
    from kinds

)

select
    months.period_start as month_start,
    coalesce(monthly_referrals.referrals_sent, 0) as referrals_sent,
    coalesce(monthly_referrals.referrals_converted, 0) as referrals_converted,
    coalesce(monthly_customers.referred_customers, 0) as referred_customers,
    {{ rate('monthly_customers.referred_returned', 'monthly_customers.referred_mature') }}
        as referred_second_order_rate_90d,
    {{ rate('monthly_customers.other_returned', 'monthly_customers.other_mature') }} as other_second_order_rate_90d,
    coalesce(monthly_referrals.referrers, 0) as referrers
from {{ ref('int_periods') }} as months
inner join found
    on found.kinds > 0
left join monthly_referrals
    on months.period_start = monthly_referrals.month_start
left join monthly_customers
    on months.period_start = monthly_customers.month_start
where months.period_grain = 'month'
