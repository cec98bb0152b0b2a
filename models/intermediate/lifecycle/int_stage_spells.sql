-- A stage changes in a month with orders, or in a quiet month of a day from which another stage holds. After an order
-- these days come in one order: no longer new, no longer reactivated, at risk, lost. What would come after the customer
-- is at risk comes with it: it changes nothing any more.
with turning_days as (

    select
        *,
        {{ no_longer_new_from('first_order_date') }} as no_longer_new_on,
        {{ no_longer_new_from('coalesce(reactivated_on, first_order_date)') }} as no_longer_reactivated_on,
        least({{ at_risk_from('order_date') }}, {{ lapse_date('order_date') }}) as at_risk_on,
        {{ lapse_date('order_date') }} as lost_on
    from {{ ref('int_months_with_orders') }}

),

turning_months as (

    select
        *,
        {{ period_start('month', 'least(no_longer_new_on, at_risk_on)') }} as no_longer_new_in,
        {{ period_start('month', 'least(no_longer_reactivated_on, at_risk_on)') }} as no_longer_reactivated_in,
        {{ period_start('month', 'at_risk_on') }} as at_risk_in,
        {{ period_start('month', 'lost_on') }} as lost_in
    from turning_days

),

looks as (
    {{ whole_numbers(4, digits=1) | indent(4) }}
),

-- Look 0 is at the month of the orders, the others at the months of the turning days. All in one pass: an engine that
-- works out a CTE wherever it is named would else sort all orders several times.
months as (

    select
        orders.*,
        looks.number = 0 as has_orders,
        case looks.number
            when 0 then orders.order_month
            when 1 then orders.no_longer_new_in
            when 2 then orders.no_longer_reactivated_in
            when 3 then orders.at_risk_in
            when 4 then orders.lost_in
        end as month_start,
        case looks.number
            when 1 then orders.order_month
            when 2 then orders.no_longer_new_in
            when 3 then orders.no_longer_reactivated_in
            when 4 then orders.at_risk_in
        end as month_of_look_before
    from turning_months as orders
    cross join looks

),

stages as (

    select
        customer_id,
        month_start,
        as_of_date,
        case
            when has_orders and order_date_before is null then 'prospect'
            when has_orders then {{ lifecycle_stage(
                add_days('month_start', -1), 'first_order_date', 'order_date_before', 'reactivated_on_before',
                'orders_before'
            ) }}
            else {{ lifecycle_stage(
                add_days('month_start', -1), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
            ) }}
        end as from_stage,
        {{ lifecycle_stage(
            month_end('month_start', 'as_of_date'), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
        ) }} as to_stage
    from months
    where
        has_orders
        or (
            month_start > greatest(month_of_look_before, order_month)
            and month_start < next_order_month
        )

)

select
    customer_id,
    to_stage as lifecycle_stage,
    from_stage as stage_before,
    month_start as from_month,
    coalesce(
        lead(month_start) over (partition by customer_id order by month_start),
        {{ next_period_start('month', period_start('month', 'as_of_date')) }}
    ) as to_month
from stages
where from_stage <> to_stage
