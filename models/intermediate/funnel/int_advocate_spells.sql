-- A referral counts over the active window from its day on, an answer of 9 or 10 until the next answer at most.
with as_of as (

    select
        as_of_date,
        {{ next_period_start('month', period_start('month', 'as_of_date')) }} as month_after
    from {{ ref('int_as_of') }}

),

signals as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.activity_date,
        activities.value,
        customers.first_order_date,
        as_of.as_of_date,
        as_of.month_after,
        lead(activities.activity_date) over (
            partition by activities.customer_id, activities.activity_type
            order by activities.occurred_at, activities.value
        ) as next_date
    from {{ ref('int_activities') }} as activities
    inner join as_of
        on activities.activity_date <= as_of.as_of_date
    inner join {{ ref('int_customers') }} as customers
        on activities.customer_id = customers.customer_id
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ('nps', 'referral_converted')

),

-- The last day is no longer in.
days as (

    select
        customer_id,
        as_of_date,
        month_after,
        greatest(activity_date, first_order_date) as from_date,
        case
            when activity_type = 'nps' and next_date is not null
                then least({{ lapse_date('activity_date') }}, next_date)
            else {{ lapse_date('activity_date') }}
        end as until_date
    from signals
    where activity_type = 'referral_converted' or {{ is_promoter('value') }}

),

months as (

    select
        customer_id,
        {{ period_start('month', 'from_date') }} as from_month,
        case
            when until_date <= as_of_date then {{ period_start('month', 'until_date') }}
            else month_after
        end as to_month
    from days

),

-- Runs that meet or overlap are one.
in_order as (

    select
        customer_id,
        from_month,
        to_month,
        max(to_month) over (
            partition by customer_id
            order by from_month, to_month
            rows between unbounded preceding and 1 preceding
        ) as to_month_before
    from months
    where from_month < to_month

),

numbered as (

    select
        customer_id,
        from_month,
        to_month,
        sum(case when to_month_before >= from_month then 0 else 1 end) over (
            partition by customer_id
            order by from_month, to_month
            rows between unbounded preceding and current row
        ) as spell_number
    from in_order

)

select
    customer_id,
    min(from_month) as from_month,
    max(to_month) as to_month
from numbered
group by
    customer_id,
    spell_number
