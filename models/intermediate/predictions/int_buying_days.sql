with chosen as (

    {{ chosen_by_hash(ref('int_customers'), most_customers_to_backtest()) | indent(4) }}

)

select
    orders.customer_id,
    orders.order_date,
    cast(sum(orders.net_amount) as decimal(28, 2)) as net_revenue
from {{ ref('int_order_sequence') }} as orders
inner join chosen
    on orders.customer_id = chosen.customer_id
group by orders.customer_id, orders.order_date
