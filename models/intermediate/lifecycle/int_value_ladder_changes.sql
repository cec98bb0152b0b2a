-- Of each customer the sums over the trailing 365 days change only where an order or a category enters them or leaves
-- them, on the day 365 days later; at a month's end a change of that month is seen.
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}

),

steps as (

    select
        step,
        min_net_revenue_365d,
        lead(min_net_revenue_365d) over (order by min_net_revenue_365d) as min_of_next_step
    from {{ ref('value_ladder_steps') }}

),

orders_with_categories as (

    select distinct
        orders.customer_id,
        orders.order_date,
        order_lines.category
    from {{ ref('stg_order_lines') }} as order_lines
    inner join {{ ref('int_order_sequence') }} as orders
        on order_lines.order_id = orders.order_id
    where
        order_lines.rejection_reason is null
        and not order_lines.is_superseded
        and order_lines.category is not null

),

any_category as (

    select count(*) > 0 as has_categories
    from orders_with_categories

),

-- A category leaves only where none of its orders follows before.
category_spells as (

    select
        customer_id,
        order_date,
        {{ add_days('order_date', value_window_days()) }} as leaves_on,
        lag(order_date) over customer_category as previous_date,
        lead(order_date) over customer_category as next_date
    from orders_with_categories
    where customer_id is not null
    window customer_category as (partition by customer_id, category order by order_date)

),

changes as (

    select
        customer_id,
        order_date as changed_on,
        net_amount as net_revenue,
        0 as is_active,
        0 as categories
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    union all
    select
        customer_id,
        {{ add_days('order_date', value_window_days()) }} as changed_on,
        -net_amount as net_revenue,
        0 as is_active,
        0 as categories
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    union all
    select
        customer_id,
        spell_start_date as changed_on,
        0 as net_revenue,
        1 as is_active,
        0 as categories
    from {{ ref('int_activity_spells') }}
    union all
    select
        customer_id,
        lapsed_on as changed_on,
        0 as net_revenue,
        -1 as is_active,
        0 as categories
    from {{ ref('int_activity_spells') }}
    where lapsed_on is not null
    union all
    select
        customer_id,
        order_date as changed_on,
        0 as net_revenue,
        0 as is_active,
        1 as categories
    from category_spells
    where previous_date is null or {{ add_days('previous_date', value_window_days()) }} < order_date
    union all
    select
        customer_id,
        leaves_on as changed_on,
        0 as net_revenue,
        0 as is_active,
        -1 as categories
    from category_spells
    where next_date is null or leaves_on < next_date

),

customer_months as (

    select
        changes.customer_id,
        {{ period_start('month', 'changes.changed_on') }} as month_start,
        sum(changes.net_revenue) as net_revenue,
        sum(changes.is_active) as is_active,
        sum(changes.categories) as categories
    from changes
    inner join as_of
        on changes.changed_on <= as_of.as_of_date
    group by
        changes.customer_id,
        {{ period_start('month', 'changes.changed_on') }}

),

standings as (

    select
        customer_id,
        month_start,
        sum(net_revenue) over months_to_date as net_revenue_365d,
        sum(is_active) over months_to_date = 1 as is_active,
        sum(categories) over months_to_date > 1 as is_cross_category
    from customer_months
    window months_to_date as (
        partition by customer_id
        order by month_start
        rows between unbounded preceding and current row
    )

),

on_steps as (

    select
        standings.customer_id,
        standings.month_start,
        coalesce(steps.step, 'none') as to_step,
        case when standings.is_cross_category then 1 else 0 end as cross_category_after
    from standings
    left join steps
        on
            standings.is_active
            and standings.net_revenue_365d >= steps.min_net_revenue_365d
            and (steps.min_of_next_step is null or standings.net_revenue_365d < steps.min_of_next_step)

),

moves as (

    select
        *,
        coalesce(lag(to_step) over customer_months, 'none') as from_step,
        coalesce(lag(cross_category_after) over customer_months, 0) as cross_category_before
    from on_steps
    window customer_months as (partition by customer_id order by month_start)

)

select
    moves.month_start,
    moves.from_step,
    moves.to_step,
    cast(count(*) as bigint) as customers,
    cast(sum(moves.cross_category_before) as bigint) as cross_category_before,
    cast(sum(moves.cross_category_after) as bigint) as cross_category_after,
    any_category.has_categories
from moves
cross join any_category
group by
    moves.month_start,
    moves.from_step,
    moves.to_step,
    any_category.has_categories
