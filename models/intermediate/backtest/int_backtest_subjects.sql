with span as (

    select
        min(month_end) as first_month_end,
        max(month_end) as last_month_end
    from {{ ref('int_backtest_month_ends') }}

),

hashed as (

    select
        customers.customer_id,
        md5(customers.customer_id) as hash_of_id,
        substring(md5(customers.customer_id), 1, 2) as hash_start
    from {{ ref('int_customers') }} as customers
    inner join span
        on
            customers.first_order_date <= span.last_month_end
            and {{ lapse_date('customers.last_order_date') }} > span.first_month_end

),

-- Numbered part by part: one window over all customers is one task on Spark. Not by `limit`: where DuckDB 2.0.0 expects
-- fewer rows than that, it leaves the limit out, and gives all of them.
parts as (

    select
        hash_start,
        (sum(count(*)) over (order by hash_start)) - count(*) as customers_before
    from hashed
    group by hash_start

),

numbered as (

    select
        hashed.customer_id,
        parts.customers_before
        + row_number() over (partition by hashed.hash_start order by hashed.hash_of_id, hashed.customer_id) as number
    from hashed
    inner join parts on hashed.hash_start = parts.hash_start

),

-- By their hash: the same customers from month to month, whoever they are.
chosen as (

    select customer_id
    from numbered
    where number <= {{ most_customers_to_look_at() }}

)

select
    orders.customer_id,
    month_ends.month_end as as_of_date,
    cast({{ days_between('orders.order_date', 'month_ends.month_end') }} as int) as recency_days,
    coalesce(orders.next_order_date <= {{ followed_until('month_ends.month_end') }}, false) as has_ordered_again
from {{ ref('int_order_sequence') }} as orders
inner join chosen
    on orders.customer_id = chosen.customer_id
inner join {{ ref('int_backtest_month_ends') }} as month_ends
    on
        orders.order_date <= month_ends.month_end
        and (orders.next_order_date is null or orders.next_order_date > month_ends.month_end)
        and {{ lapse_date('orders.order_date') }} > month_ends.month_end
