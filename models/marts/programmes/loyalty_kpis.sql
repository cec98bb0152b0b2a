-- A tier is that of today: customers without one, or unknown to `customers`, stand in `none`.
with tiers as (

    select
        customer_id,
        case when loyalty_tier = 'all' then 'all (value)' else coalesce(loyalty_tier, 'none') end as loyalty_tier
    from {{ ref('int_customer_attributes') }}

),

points as (

    select
        activities.customer_id,
        {{ period_start('month', 'activities.activity_date') }} as month_start,
        case when activities.activity_type = 'loyalty_earned' then activities.value else 0 end as points_earned,
        case when activities.activity_type = 'loyalty_redeemed' then activities.value else 0 end as points_redeemed
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ('loyalty_earned', 'loyalty_redeemed')

),

-- By customer and month: what each order and each activity brings. The first order of a month counts its purchaser.
events as (

    select
        customer_id,
        {{ period_start('month', 'order_date') }} as month_start,
        case when order_number = 1 then 1 else 0 end as new_members,
        0 as points_earned,
        0 as points_redeemed,
        case
            when
                previous_order_date is null
                or {{ period_start('month', 'previous_order_date') }} < {{ period_start('month', 'order_date') }}
                then 1
            else 0
        end as purchasing_customers,
        net_amount as net_revenue
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    union all
    select
        customer_id,
        month_start,
        0 as new_members,
        points_earned,
        points_redeemed,
        0 as purchasing_customers,
        0 as net_revenue
    from points

),

by_tier as (

    select
        events.month_start,
        coalesce(tiers.loyalty_tier, 'none') as loyalty_tier,
        sum(events.new_members) as new_members,
        sum(events.points_earned) as points_earned,
        sum(events.points_redeemed) as points_redeemed,
        sum(events.purchasing_customers) as purchasing_customers,
        sum(events.net_revenue) as net_revenue
    from events
    left join tiers
        on events.customer_id = tiers.customer_id
    group by
        events.month_start,
        coalesce(tiers.loyalty_tier, 'none')

),

with_all as (

    select * from by_tier
    union all
    select
        month_start,
        'all' as loyalty_tier,
        sum(new_members) as new_members,
        sum(points_earned) as points_earned,
        sum(points_redeemed) as points_redeemed,
        sum(purchasing_customers) as purchasing_customers,
        sum(net_revenue) as net_revenue
    from by_tier
    group by month_start

),

-- Without any of them there are no rows.
kinds as (

    select loyalty_tier as kind
    from tiers
    where loyalty_tier <> 'none'
    union
    select 'points' as kind
    from points

),

found as (

    select count(*) as kinds
    from kinds

),

tiers_of_shop as (

    select loyalty_tier from tiers
    union
    select 'none' as loyalty_tier
    union
    select 'all' as loyalty_tier

),

every_month as (

    select
        months.period_start as month_start,
        tiers_of_shop.loyalty_tier,
        coalesce(with_all.points_earned, 0) as points_earned,
        coalesce(with_all.points_redeemed, 0) as points_redeemed,
        coalesce(with_all.purchasing_customers, 0) as purchasing_customers,
        coalesce(with_all.net_revenue, 0) as net_revenue,
        sum(coalesce(with_all.new_members, 0)) over (
            partition by tiers_of_shop.loyalty_tier
            order by months.period_start
            rows between unbounded preceding and current row
        ) as members
    from {{ ref('int_periods') }} as months
    inner join found
        on found.kinds > 0
    cross join tiers_of_shop
    left join with_all
        on
            months.period_start = with_all.month_start
            and tiers_of_shop.loyalty_tier = with_all.loyalty_tier
    where months.period_grain = 'month'

)

select
    month_start,
    loyalty_tier,
    cast(members as bigint) as members,
    cast(points_earned as decimal(28, 4)) as points_earned,
    cast(points_redeemed as decimal(28, 4)) as points_redeemed,
    {{ rate('points_redeemed', 'points_earned') }} as redemption_rate,
    cast(purchasing_customers as bigint) as purchasing_customers,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    {{ rate('net_revenue', 'purchasing_customers') }} as revenue_per_customer
from every_month
