-- The running sums against the definition, at the ends of the twelve latest months: what runs on the day is counted.
with month_ends as (

    select
        months.month_start,
        least(months.month_end, {{ add_days('as_of.as_of_date', 1) }}) as measured_at,
        row_number() over (order by months.month_start desc) as months_back
    from {{ ref('int_subscription_months') }} as months
    cross join {{ ref('int_as_of') }} as as_of

),

customers as (

    select
        month_ends.month_start,
        terms.customer_id,
        sum(terms.monthly_amount) as mrr
    from month_ends
    inner join {{ ref('int_subscription_terms') }} as terms
        on
            month_ends.measured_at > terms.start_date
            and (month_ends.measured_at <= terms.end_date or terms.end_date is null)
    where month_ends.months_back <= 12
    group by
        month_ends.month_start,
        terms.customer_id

),

counted as (

    select
        month_ends.month_start,
        coalesce(sum(customers.mrr), 0) as mrr,
        count(case when customers.mrr > 0 then 1 end) as subscribers
    from month_ends
    left join customers
        on month_ends.month_start = customers.month_start
    where month_ends.months_back <= 12
    group by month_ends.month_start

)

select
    counted.month_start,
    counted.mrr,
    kpis.mrr_at_end,
    counted.subscribers,
    kpis.subscribers_at_end
from counted
left join {{ ref('subscription_kpis') }} as kpis
    on counted.month_start = kpis.month_start
where
    kpis.month_start is null
    or counted.mrr <> kpis.mrr_at_end
    or counted.subscribers <> kpis.subscribers_at_end
