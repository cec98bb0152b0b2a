{%- set return_days = 90 -%}
with years as (

    select
        {{ add_days('as_of_date', 1 - value_window_days()) }} as year_start,
        {{ add_days('as_of_date', 1 - 2 * value_window_days()) }} as year_before_start,
        {{ add_days('as_of_date', 1 - return_days) }} as returns_end,
        {{ add_days('as_of_date', 1 - return_days - value_window_days()) }} as returns_start
    from {{ ref('int_as_of') }}

),

active_customers as (

    {{ kept_and_lost_customers(ref('int_activity_spells'), 'years', 'year_before_start', 'year_start') }}

),

-- Of orders without a customer each is a buyer of its own.
buyers as (

    select
        orders.customer_id,
        min(orders.first_order_date) as first_order_date,
        min(case when orders.order_number = 2 then orders.order_date end) as second_order_date,
        count(case when orders.order_date >= years.year_start then 1 end) as year_orders,
        sum(case when orders.order_date >= years.year_start then orders.net_amount else 0 end) as year_revenue,
        sum(case
            when orders.order_number > 1 and orders.order_date < years.returns_end then orders.net_amount
            else 0
        end) as later_revenue
    from {{ ref('int_order_sequence') }} as orders
    cross join years
    group by
        orders.customer_id,
        case when orders.customer_id is null then orders.order_id end

),

observed as (

    select
        'retention_rate' as lever,
        active_customers.is_kept as has_it,
        buyers.year_orders as orders,
        buyers.year_revenue as net_revenue
    from active_customers
    inner join buyers
        on active_customers.customer_id = buyers.customer_id
    union all
    select
        'second_order_rate' as lever,
        case
            when {{ days_between('buyers.first_order_date', 'buyers.second_order_date') }} <= {{ return_days }} then 1
            else 0
        end as has_it,
        0 as orders,
        buyers.later_revenue as net_revenue
    from buyers
    cross join years
    where
        buyers.first_order_date >= years.returns_start
        and buyers.first_order_date < years.returns_end
    union all
    select
        'average_order_value' as lever,
        1 as has_it,
        year_orders as orders,
        year_revenue as net_revenue
    from buyers
    where year_orders > 0

),

exact as (

    select
        lever,
        has_it,
        orders,
        net_revenue,
        try_cast(net_revenue as decimal(15, 2)) as exact_revenue,
        try_cast(net_revenue as decimal(19, 2)) as wide_revenue
    from observed

),

sums as (

    select
        lever,
        has_it,
        count(*) as customers,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(exact_revenue * wide_revenue) as squares
    from exact
    group by
        lever,
        has_it

)

-- Variances from exact sums, as in retention_value.
select
    lever,
    cast(has_it as int) as has_it,
    cast(customers as bigint) as customers,
    cast(orders as bigint) as orders,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    cast(squares as double) as squared_revenue,
    cast(
        try_cast(customers as decimal(8, 0)) * try_cast(squares as decimal(30, 4))
        - try_cast(net_revenue as decimal(15, 2)) * try_cast(net_revenue as decimal(19, 2)) as double
    ) / nullif(cast(customers as double) * (customers - 1), 0) as variance
from sums
