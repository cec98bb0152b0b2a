{{ config(materialized='view') }}

with as_of as (

    select
        as_of_date,
        {{ next_period_start('month', period_start('month', 'as_of_date')) }} as month_after
    from {{ ref('int_as_of') }}

),

latest_orders_of_months as (

    select
        orders.customer_id,
        orders.order_date,
        orders.first_order_date,
        orders.order_number as orders,
        {{ period_start('month', 'orders.order_date') }} as order_month,
        coalesce({{ period_start('month', 'orders.next_order_date') }}, as_of.month_after) as next_order_month,
        as_of.as_of_date
    from {{ ref('int_order_sequence') }} as orders
    cross join as_of
    where
        orders.customer_id is not null
        and (
            orders.next_order_date is null
            or {{ period_start('month', 'orders.next_order_date') }} > {{ period_start('month', 'orders.order_date') }}
        )

),

with_reactivations as (

    select
        orders.*,
        reactivations.spell_start_date as reactivated_on
    from latest_orders_of_months as orders
    left join {{ ref('int_activity_spells') }} as reactivations
        on
            orders.customer_id = reactivations.customer_id
            and reactivations.spell_number > 1
            and orders.order_date between reactivations.spell_start_date and reactivations.spell_last_order_date

)

select
    customer_id,
    order_month,
    next_order_month,
    first_order_date,
    order_date,
    orders,
    reactivated_on,
    as_of_date,
    lag(order_date) over customer_months as order_date_before,
    lag(orders) over customer_months as orders_before,
    lag(reactivated_on) over customer_months as reactivated_on_before
from with_reactivations
window customer_months as (partition by customer_id order by order_date)
