-- How order values of the last 91 days are spread over classes of powers of the square root of two.
with built as (

    select
        round(2 * log2(net_amount)) as value_class,
        count(*) as orders
    from orders
    where
        net_amount > 0
        and order_date > (select max(latest.order_date) - 91 from orders as latest)
    group by value_class

),

earlier as (

    select
        round(2 * log2(net_amount)) as value_class,
        count(*) as orders
    from orders_before
    where
        net_amount > 0
        and order_date > (select max(latest.order_date) - 91 from orders_before as latest)
    group by value_class

),

shares as (

    select
        share_of_all(built.orders) as share_now,
        share_of_all(earlier.orders) as share_before
    from built
    full outer join earlier
        on built.value_class = earlier.value_class

)

select
    'order values' as distribution,
    count(*) as classes,
    stability_index(share_now, share_before) as stability_index
from shares
