-- A customer counts from the first month of a spell to before its last; an order in the spell's months within 365 days.
with changes as (

    select
        lifecycle_stage,
        from_month as month_start,
        1 as customers,
        0 as net_revenue
    from {{ ref('int_funnel_spells') }}
    union all
    select
        lifecycle_stage,
        to_month as month_start,
        -1 as customers,
        0 as net_revenue
    from {{ ref('int_funnel_spells') }}
    union all
    select
        lifecycle_stage,
        from_month as month_start,
        0 as customers,
        net_amount as net_revenue
    from {{ ref('int_funnel_orders') }}
    union all
    select
        lifecycle_stage,
        to_month as month_start,
        0 as customers,
        -net_amount as net_revenue
    from {{ ref('int_funnel_orders') }}

),

monthly as (

    select
        lifecycle_stage,
        month_start,
        sum(customers) as customers,
        sum(net_revenue) as net_revenue
    from changes
    group by
        lifecycle_stage,
        month_start

),

stages as (

    {% for stage in funnel_stages() %}
        select '{{ stage }}' as lifecycle_stage
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    periods.period_start as month_start,
    stages.lifecycle_stage,
    cast(coalesce(sum(monthly.customers) over months_to_date, 0) as bigint) as customers,
    cast(coalesce(sum(monthly.net_revenue) over months_to_date, 0) as decimal(28, 2)) as net_revenue_365d
from {{ ref('int_periods') }} as periods
cross join stages
left join monthly
    on
        periods.period_start = monthly.month_start
        and stages.lifecycle_stage = monthly.lifecycle_stage
where periods.period_grain = 'month'
window months_to_date as (
    partition by stages.lifecycle_stage
    order by periods.period_start
    rows between unbounded preceding and current row
)
