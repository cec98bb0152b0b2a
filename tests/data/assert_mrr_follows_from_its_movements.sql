-- What stands at the end of a month is what stood at its start and what moved it, and it is the next month's start.
with months as (

    select
        *,
        coalesce(lag(mrr_at_end) over (order by month_start), 0) as mrr_at_the_last_end,
        coalesce(lag(subscribers_at_end) over (order by month_start), 0) as subscribers_at_the_last_end
    from {{ ref('subscription_kpis') }}

)

select
    month_start,
    mrr_at_the_last_end,
    mrr_at_start,
    mrr_at_end,
    subscribers_at_the_last_end,
    subscribers_at_start,
    subscribers_at_end
from months
where
    mrr_at_start <> mrr_at_the_last_end
    or subscribers_at_start <> subscribers_at_the_last_end
    or mrr_at_end <> mrr_at_start + new_mrr + reactivated_mrr + expansion_mrr - contraction_mrr - churned_mrr
    or subscribers_at_end <> subscribers_at_start + new_subscribers + reactivated_subscribers - churned_subscribers
