with changes as (

    select
        cohort_month,
        month_start,
        sum(mrr_change) as mrr_change,
        count(case when movement in ('new', 'reactivated') then 1 end)
        - count(case when movement = 'churned' then 1 end) as active_subscribers_change,
        count(case when month_start = cohort_month then 1 end) as cohort_subscribers
    from {{ ref('int_mrr_movements') }}
    where month_start >= cohort_month
    group by
        cohort_month,
        month_start

),

cohorts as (

    select
        cohort_month,
        sum(cohort_subscribers) as cohort_subscribers
    from changes
    group by cohort_month

),

cells as (

    select
        cohorts.cohort_month,
        months.month_start,
        months.is_complete,
        cohorts.cohort_subscribers,
        sum(coalesce(changes.active_subscribers_change, 0)) over months_to_date as active_subscribers,
        sum(coalesce(changes.mrr_change, 0)) over months_to_date as mrr
    from cohorts
    inner join {{ ref('int_subscription_months') }} as months
        on cohorts.cohort_month <= months.month_start
    left join changes
        on
            cohorts.cohort_month = changes.cohort_month
            and months.month_start = changes.month_start
    window months_to_date as (
        partition by cohorts.cohort_month
        order by months.month_start
        rows between unbounded preceding and current row
    )

),

with_first_end as (

    select
        *,
        max(case when month_start = cohort_month then mrr end) over (partition by cohort_month) as mrr_at_first_end
    from cells

)

select
    cohort_month,
    {{ periods_between('month', 'cohort_month', 'month_start') }} as period_number,
    is_complete,
    cast(cohort_subscribers as bigint) as cohort_subscribers,
    cast(active_subscribers as bigint) as active_subscribers,
    {{ rate('active_subscribers', 'cohort_subscribers') }} as subscriber_retention_rate,
    cast(mrr as decimal(28, 2)) as mrr,
    cast(mrr_at_first_end as decimal(28, 2)) as mrr_at_first_end,
    {{ rate('mrr', 'mrr_at_first_end') }} as mrr_retention_rate
from with_first_end
