with counted_orders as (

    select
        orders.order_id,
        {{ resolved_customer_id('orders') }} as customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.sales_channel,
        orders.currency,
        orders.amount,
        orders.refunded_amount,
        orders.discount_amount,
        orders.net_amount,
        orders.updated_at
    from {{ ref('int_current_orders') }} as orders
    {{ identity_of('orders') }}
    where orders.exclusion_reason is null

),

sequenced as (

    select
        order_id,
        customer_id,
        ordered_at,
        order_date,
        sales_channel,
        currency,
        amount,
        refunded_amount,
        discount_amount,
        net_amount,
        updated_at,
        row_number() over customer_orders as order_number,
        min(order_date) over customer_orders as first_order_date,
        lag(order_date) over customer_orders as previous_order_date,
        lead(order_date) over customer_orders as next_order_date
    from counted_orders
    -- Orders without a customer have no sequence: each stands alone, also to spread the work.
    window customer_orders as (
        partition by customer_id, case when customer_id is null then order_id end
        order by ordered_at, order_id
    )

)

select
    order_id,
    customer_id,
    ordered_at,
    order_date,
    sales_channel,
    currency,
    amount,
    refunded_amount,
    discount_amount,
    net_amount,
    updated_at,
    previous_order_date,
    next_order_date,
    case when customer_id is not null then cast(order_number as bigint) end as order_number,
    case when customer_id is not null then first_order_date end as first_order_date
from sequenced
