-- With identity_by email all orders with one e-mail, their own or their number's, are one customer's.
with known_orders as (

    select
        orders.order_id,
        coalesce(orders.email_hash, number_emails.email_hash) as known_by
    from {{ ref('int_current_orders') }} as orders
    left join {{ ref('int_number_emails') }} as number_emails
        on orders.customer_id = number_emails.customer_id
    where '{{ var("identity_by") }}' = 'email'

)

select
    known_orders.known_by,
    count(distinct orders.customer_id) as customers,
    count(orders.customer_id) as attributed_orders,
    count(*) as orders
from {{ ref('int_order_sequence') }} as orders
inner join known_orders
    on orders.order_id = known_orders.order_id
where known_orders.known_by is not null
group by known_orders.known_by
having
    count(distinct orders.customer_id) <> 1
    or count(orders.customer_id) < count(*)
