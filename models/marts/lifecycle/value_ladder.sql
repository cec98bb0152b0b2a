-- Who kept the step is who was there, less who left.
with changes as (

    select
        month_start,
        from_step,
        to_step,
        customers,
        cross_category_before,
        cross_category_after,
        has_categories
    from {{ ref('int_value_ladder_changes') }}

),

flows as (

    select
        month_start,
        to_step as step,
        case when from_step <> to_step then customers else 0 end as arrived,
        0 as departed,
        cross_category_after as cross_category,
        has_categories
    from changes
    where to_step <> 'none'
    union all
    select
        month_start,
        from_step as step,
        0 as arrived,
        case when from_step <> to_step then customers else 0 end as departed,
        -cross_category_before as cross_category,
        has_categories
    from changes
    where from_step <> 'none'

),

steps as (

    select distinct
        step,
        has_categories
    from flows

),

monthly_flows as (

    select
        month_start,
        step,
        sum(arrived) as arrived,
        sum(departed) as departed,
        sum(cross_category) as cross_category
    from flows
    group by
        month_start,
        step

),

balances as (

    select
        periods.period_start as month_start,
        steps.step,
        steps.has_categories,
        coalesce(monthly_flows.arrived, 0) as arrived,
        sum(coalesce(monthly_flows.arrived, 0) - coalesce(monthly_flows.departed, 0)) over months_to_date as customers,
        sum(coalesce(monthly_flows.cross_category, 0)) over months_to_date as cross_category
    from {{ ref('int_periods') }} as periods
    cross join steps
    left join monthly_flows
        on
            periods.period_start = monthly_flows.month_start
            and steps.step = monthly_flows.step
    where periods.period_grain = 'month'
    window months_to_date as (
        partition by steps.step
        order by periods.period_start
        rows between unbounded preceding and current row
    )

),

rates as (

    select
        month_start,
        step,
        case when has_categories then {{ rate('cross_category', 'customers') }} end as cross_category_rate
    from balances

),

moves as (

    select
        month_start,
        from_step,
        to_step,
        customers
    from changes
    where from_step <> to_step
    union all
    select
        month_start,
        step as from_step,
        step as to_step,
        customers - arrived as customers
    from balances
    where customers > arrived

),

named as (

    select
        moves.month_start,
        moves.from_step,
        moves.to_step,
        moves.customers,
        rates.cross_category_rate,
        coalesce(steps_before.name_en, 'none') as from_step_en,
        coalesce(steps_before.name_de, 'keine Stufe') as from_step_de,
        coalesce(steps_after.name_en, 'none') as to_step_en,
        coalesce(steps_after.name_de, 'keine Stufe') as to_step_de,
        coalesce(steps_before.min_net_revenue_365d, -1) as minimum_before,
        coalesce(steps_after.min_net_revenue_365d, -1) as minimum_after
    from moves
    left join {{ ref('value_ladder_steps') }} as steps_before
        on moves.from_step = steps_before.step
    left join {{ ref('value_ladder_steps') }} as steps_after
        on moves.to_step = steps_after.step
    left join rates
        on
            moves.month_start = rates.month_start
            and moves.to_step = rates.step

)

select
    month_start,
    from_step,
    to_step,
    from_step_en,
    from_step_de,
    to_step_en,
    to_step_de,
    cross_category_rate,
    cast(customers as bigint) as customers,
    case
        when minimum_before < minimum_after then 'up'
        when minimum_before > minimum_after then 'down'
        else 'same'
    end as direction
from named
