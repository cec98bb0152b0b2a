-- A term counts from the day after its start to its end: so what it adds falls into the month of its start, what it
-- takes away into the month of its end. Customers have a row for the months of these days alone.
with terms as (

    select
        *,
        {{ period_start('month', 'start_date') }} as start_month,
        {{ period_start('month', 'end_date') }} as end_month
    from {{ ref('int_subscription_terms') }}

),

changes as (

    select
        customer_id,
        start_month as month_start,
        monthly_amount as mrr_change,
        case when monthly_amount > 0 then start_month end as paid_from_month,
        case when monthly_amount > 0 and end_month = start_month then 1 else 0 end as starts_and_ends,
        null as end_rank,
        null as cancellation_reason
    from terms
    union all
    select
        customer_id,
        end_month as month_start,
        -monthly_amount as mrr_change,
        null as paid_from_month,
        0 as starts_and_ends,
        row_number() over (
            partition by customer_id, end_month
            order by end_date desc, cancellation_reason desc nulls last
        ) as end_rank,
        cancellation_reason
    from terms
    where end_month is not null

),

monthly as (

    select
        customer_id,
        month_start,
        sum(mrr_change) as mrr_change,
        min(paid_from_month) as paid_from_month,
        max(starts_and_ends) = 1 as starts_and_ends,
        max(case when end_rank = 1 then cancellation_reason end) as cancellation_reason
    from changes
    group by
        customer_id,
        month_start

),

running as (

    select
        *,
        min(paid_from_month) over (partition by customer_id) as cohort_month,
        sum(mrr_change) over (
            partition by customer_id
            order by month_start
            rows between unbounded preceding and current row
        ) as mrr_at_end
    from monthly

),

both_ends as (

    select
        *,
        mrr_at_end - mrr_change as mrr_at_start
    from running

)

select
    customer_id,
    month_start,
    cohort_month,
    cast(mrr_at_start as decimal(28, 2)) as mrr_at_start,
    cast(mrr_at_end as decimal(28, 2)) as mrr_at_end,
    cast(mrr_change as decimal(28, 2)) as mrr_change,
    case
        when mrr_at_start = 0 and mrr_at_end > 0 and cohort_month = month_start then 'new'
        when mrr_at_start = 0 and mrr_at_end > 0 then 'reactivated'
        when mrr_at_start > 0 and mrr_at_end = 0 then 'churned'
        when mrr_at_end > mrr_at_start then 'expansion'
        when mrr_at_end < mrr_at_start then 'contraction'
        when mrr_at_end = 0 and starts_and_ends then 'short_lived'
        else 'none'
    end as movement,
    case when mrr_at_start > 0 and mrr_at_end = 0 then cancellation_reason end as cancellation_reason
from both_ends
