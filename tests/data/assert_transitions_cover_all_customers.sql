-- In every month each customer won to date makes exactly one step, and those won in it come from prospect and are the
-- new customers of the KPIs.
with won as (

    select
        {{ period_start('month', 'first_order_date') }} as month_start,
        count(*) as customers
    from {{ ref('customers') }}
    group by {{ period_start('month', 'first_order_date') }}

),

months as (

    select
        kpis.period_start,
        kpis.new_customers,
        coalesce(won.customers, 0) as won_in_the_month,
        sum(coalesce(won.customers, 0)) over (
            order by kpis.period_start
            rows between unbounded preceding and current row
        ) as won_to_date
    from {{ ref('retention_kpis') }} as kpis
    left join won
        on kpis.period_start = won.month_start
    where kpis.period_grain = 'month'

),

transitions as (

    select
        month_start,
        sum(customers) as customers,
        sum(case when from_stage = 'prospect' then customers else 0 end) as from_prospect
    from {{ ref('lifecycle_transitions') }}
    group by month_start

)

select
    months.won_to_date,
    transitions.customers,
    months.won_in_the_month,
    months.new_customers,
    transitions.from_prospect,
    coalesce(months.period_start, transitions.month_start) as month_start
from months
full outer join transitions
    on months.period_start = transitions.month_start
where
    coalesce(months.won_to_date, 0) <> coalesce(transitions.customers, 0)
    or coalesce(months.won_in_the_month, 0) <> coalesce(transitions.from_prospect, 0)
    or coalesce(months.won_in_the_month, 0) <> coalesce(months.new_customers, 0)
