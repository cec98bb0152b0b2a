with lines as (

    select
        customer_id,
        order_number,
        product,
        category
    from {{ ref('int_first_purchases') }}

),

-- What each of the two orders holds, once.
purchases as (

    select
        customer_id,
        order_number,
        'product' as level,
        product as value
    from lines
    union
    select
        customer_id,
        order_number,
        'category' as level,
        category as value
    from lines

),

first_purchases as (

    select
        customer_id,
        level,
        value
    from purchases
    where order_number = 1
    union all
    select distinct
        customer_id,
        level,
        'all' as value
    from purchases
    where order_number = 1

),

bought_again as (

    select
        first_orders.customer_id,
        first_orders.level,
        first_orders.value
    from purchases as first_orders
    inner join purchases as second_orders
        on
            first_orders.customer_id = second_orders.customer_id
            and first_orders.level = second_orders.level
            and first_orders.value = second_orders.value
    where
        first_orders.order_number = 1
        and second_orders.order_number = 2
        and first_orders.value <> 'unknown'

),

same_again as (

    select
        customer_id,
        level,
        value
    from bought_again
    union all
    select distinct
        customer_id,
        level,
        'all' as value
    from bought_again

),

customers_with_lines as (

    select customer_id
    from lines
    group by customer_id
    having min(order_number) = 1

),

second_orders_with_lines as (

    select distinct customer_id
    from lines
    where order_number = 2

),

-- What became of everybody whose first order has a line, within 90 and 365 days of it.
outcomes as (

    select
        orders.customer_id,
        {{ add_days('orders.first_order_date', 90) }} <= as_of.as_of_date as is_mature,
        {{ add_days('orders.first_order_date', 365) }} <= as_of.as_of_date as is_mature_365d,
        max(
            case
                when orders.order_number = 2 and orders.order_date <= {{ add_days('orders.first_order_date', 90) }}
                    then 1
                else 0
            end
        ) = 1 as has_returned,
        sum(
            case
                when orders.order_date <= {{ add_days('orders.first_order_date', 365) }} then orders.net_amount
                else 0
            end
        ) as revenue_365d,
        sum(
            case
                when
                    orders.order_number > 1 and orders.order_date <= {{ add_days('orders.first_order_date', 365) }}
                    then orders.net_amount
                else 0
            end
        ) as later_revenue_365d
    from {{ ref('int_order_sequence') }} as orders
    inner join customers_with_lines
        on orders.customer_id = customers_with_lines.customer_id
    cross join {{ ref('int_as_of') }} as as_of
    group by
        orders.customer_id,
        orders.first_order_date,
        as_of.as_of_date

),

everybody as (

    select count(*) as customers from {{ ref('int_customers') }}

),

counted as (

    select
        first_purchases.level,
        first_purchases.value,
        count(*) as first_customers,
        count(case when outcomes.is_mature then 1 end) as mature_customers,
        count(case when outcomes.is_mature and outcomes.has_returned then 1 end) as returned_customers,
        count(
            case
                when outcomes.is_mature and outcomes.has_returned and second_orders_with_lines.customer_id is not null
                    then 1
            end
        ) as returned_with_lines,
        count(
            case when outcomes.is_mature and outcomes.has_returned and same_again.customer_id is not null then 1 end
        ) as same_again_customers,
        count(case when outcomes.is_mature_365d then 1 end) as mature_customers_365d,
        sum(case when outcomes.is_mature_365d then outcomes.revenue_365d end) as revenue_365d,
        sum(case when outcomes.is_mature_365d then outcomes.later_revenue_365d end) as later_revenue_365d
    from first_purchases
    inner join outcomes
        on first_purchases.customer_id = outcomes.customer_id
    left join second_orders_with_lines
        on first_purchases.customer_id = second_orders_with_lines.customer_id
    left join same_again
        on
            first_purchases.customer_id = same_again.customer_id
            and first_purchases.level = same_again.level
            and first_purchases.value = same_again.value
    group by
        first_purchases.level,
        first_purchases.value

)

select
    counted.level,
    counted.value,
    cast(counted.first_customers as bigint) as first_customers,
    {{ rate('counted.first_customers', 'everybody.customers') }} as share_of_customers,
    cast(counted.mature_customers as bigint) as mature_customers,
    cast(counted.returned_customers as bigint) as returned_customers,
    {{ rate('counted.returned_customers', 'counted.mature_customers') }} as second_order_rate_90d,
    {{ wilson_low('counted.returned_customers', 'counted.mature_customers') | indent(4) }} as second_order_rate_90d_low,
    {{ wilson_high('counted.returned_customers', 'counted.mature_customers') | indent(4) }}
        as second_order_rate_90d_high,
    counted.mature_customers >= 30 as has_enough,
    cast(counted.returned_with_lines as bigint) as returned_with_lines,
    cast(case when counted.value <> 'unknown' then counted.same_again_customers end as bigint) as same_again_customers,
    case
        when counted.value <> 'unknown' then {{ rate('counted.same_again_customers', 'counted.returned_with_lines') }}
    end as same_again_rate,
    cast(counted.mature_customers_365d as bigint) as mature_customers_365d,
    {{ rate('counted.revenue_365d', 'counted.mature_customers_365d') }} as revenue_per_customer_365d,
    {{ rate('counted.later_revenue_365d', 'counted.mature_customers_365d') }} as later_revenue_per_customer_365d
from counted
cross join everybody
