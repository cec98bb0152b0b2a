-- Who did not change is who was there, less who left.
with flows as (

    select
        month_start,
        to_stage as stage,
        customers as arrived,
        0 as departed
    from {{ ref('int_lifecycle_changes') }}
    union all
    select
        month_start,
        from_stage as stage,
        0 as arrived,
        customers as departed
    from {{ ref('int_lifecycle_changes') }}
    where from_stage <> 'prospect'

),

stages as (

    select distinct stage
    from flows

),

monthly_flows as (

    select
        month_start,
        stage,
        sum(arrived) as arrived,
        sum(departed) as departed
    from flows
    group by
        month_start,
        stage

),

balances as (

    select
        periods.period_start as month_start,
        stages.stage,
        sum(coalesce(monthly_flows.arrived, 0) - coalesce(monthly_flows.departed, 0)) over (
            partition by stages.stage
            order by periods.period_start
            rows between unbounded preceding and current row
        ) - coalesce(monthly_flows.arrived, 0) as stayed
    from {{ ref('int_periods') }} as periods
    cross join stages
    left join monthly_flows
        on
            periods.period_start = monthly_flows.month_start
            and stages.stage = monthly_flows.stage
    where periods.period_grain = 'month'

)

select
    month_start,
    from_stage,
    to_stage,
    customers
from {{ ref('int_lifecycle_changes') }}
union all
select
    month_start,
    stage as from_stage,
    stage as to_stage,
    cast(stayed as bigint) as customers
from balances
where stayed > 0
