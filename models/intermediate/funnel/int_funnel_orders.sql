{{ config(materialized='view') }}

-- An order is in the trailing 365 days of the month ends from its own month to before the month of the day on which it
-- leaves them.
with orders as (

    select
        orders.customer_id,
        orders.net_amount,
        {{ period_start('month', 'orders.order_date') }} as from_month,
        {{ period_start('month', add_days('orders.order_date', value_window_days())) }} as month_of_leaving,
        {{ add_days('orders.order_date', value_window_days()) }} <= as_of.as_of_date as has_left,
        {{ next_period_start('month', period_start('month', 'as_of.as_of_date')) }} as month_after
    from {{ ref('int_order_sequence') }} as orders
    cross join {{ ref('int_as_of') }} as as_of
    where orders.customer_id is not null

),

months as (

    select
        customer_id,
        net_amount,
        from_month,
        case when has_left then month_of_leaving else month_after end as to_month
    from orders

)

select
    spells.lifecycle_stage,
    orders.net_amount,
    greatest(orders.from_month, spells.from_month) as from_month,
    least(orders.to_month, spells.to_month) as to_month
from months as orders
inner join {{ ref('int_funnel_spells') }} as spells
    on
        orders.customer_id = spells.customer_id
        and orders.from_month < spells.to_month
        and orders.to_month > spells.from_month
