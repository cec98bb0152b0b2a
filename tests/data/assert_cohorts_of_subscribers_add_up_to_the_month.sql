-- All cohorts together are the subscribers and the MRR of the month, from the first paid contract on.
with cohorts as (

    select
        months.month_start,
        sum(cohorts.active_subscribers) as active_subscribers,
        sum(cohorts.mrr) as mrr
    from {{ ref('subscription_cohorts') }} as cohorts
    inner join {{ ref('int_subscription_months') }} as months
        on
            cohorts.cohort_month <= months.month_start
            and cohorts.period_number = {{ periods_between('month', 'cohorts.cohort_month', 'months.month_start') }}
    group by months.month_start

)

select
    kpis.month_start,
    kpis.subscribers_at_end,
    cohorts.active_subscribers,
    kpis.mrr_at_end,
    cohorts.mrr
from {{ ref('subscription_kpis') }} as kpis
left join cohorts
    on kpis.month_start = cohorts.month_start
where
    kpis.subscribers_at_end <> coalesce(cohorts.active_subscribers, 0)
    or kpis.mrr_at_end <> coalesce(cohorts.mrr, 0)
