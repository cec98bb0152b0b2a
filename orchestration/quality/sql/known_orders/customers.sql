-- Orders that counted before and now, and have another customer. That a guest registers is no such case: one guest of
-- each new number may have.
with reassigned as (

    select
        customer_id_before,
        customer_id_now,
        count(*) as orders
    from order_changes
    where
        order_date_before is not null
        and order_date_now is not null
        and customer_id_before is not null
        and coalesce(customer_id_now, '') <> customer_id_before
        and explanation <> 'erased'
    group by
        customer_id_before,
        customer_id_now

),

ranked as (

    select
        *,
        customer_id_before like 'guest:%' and customer_id_now not like 'guest:%' as has_registered,
        row_number() over (
            partition by customer_id_now, customer_id_before like 'guest:%'
            order by orders desc, customer_id_before asc
        ) as guest_of_the_number
    from reassigned

),

totals as (

    select count(*) as orders
    from orders_before
    where customer_id is not null

),

moved as (

    select
        coalesce(sum(orders), 0) as orders,
        count(*) as customers
    from ranked
    where not (coalesce(has_registered, false) and guest_of_the_number = 1)

)

select
    'known orders' as of_orders,
    totals.orders as known_orders,
    moved.orders as moved_orders,
    moved.customers as moved_customers,
    case
        when totals.orders > 0 then case when moved.orders >= 5 then moved.orders / totals.orders else 0 end
    end as moved_share
from totals
cross join moved
