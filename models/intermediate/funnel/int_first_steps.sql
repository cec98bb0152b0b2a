{%- set windows = [30, 60, 90] -%}
-- Each customer's second order and first use, seen from the first order.
with first_uses as (

    select
        customers.customer_id,
        count(*) as uses
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_activities') }} as activities
        on
            customers.customer_id = activities.customer_id
            and activities.activity_type = 'product_use'
            and customers.first_order_date <= activities.activity_date
            and {{ add_days('customers.first_order_date', 14) }} >= activities.activity_date
    where {{ takes_part('activities') }}
    group by customers.customer_id

),

customers as (

    select
        customers.customer_id,
        {{ period_start('month', 'customers.first_order_date') }} as month_start,
        {{ days_between('customers.first_order_date', 'as_of.as_of_date') }} as days_observed,
        {{ days_between('customers.first_order_date', 'second_orders.order_date') }} as days_to_second_order,
        first_uses.customer_id is not null as is_activated
    from {{ ref('int_customers') }} as customers
    cross join {{ ref('int_as_of') }} as as_of
    left join {{ ref('int_order_sequence') }} as second_orders
        on
            customers.customer_id = second_orders.customer_id
            and second_orders.order_number = 2
    left join first_uses
        on customers.customer_id = first_uses.customer_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by month_start, coalesce(days_to_second_order <= 90, false)
            order by days_to_second_order
        ) as days_rank,
        count(*) over (partition by month_start, coalesce(days_to_second_order <= 90, false)) as second_orders
    from customers

)

select
    month_start,
    cast(count(*) as bigint) as acquired,
    cast(count(case when days_observed >= 14 then 1 end) as bigint) as observed_14d,
    cast(count(case when days_observed >= 14 and is_activated then 1 end) as bigint) as activated_14d,
    {% for days in windows %}
        cast(count(case when days_observed >= {{ days }} then 1 end) as bigint) as observed_{{ days }}d,
        cast(
            count(case when days_observed >= {{ days }} and days_to_second_order <= {{ days }} then 1 end) as bigint
        ) as returned_{{ days }}d,
    {% endfor %}
    avg(
        case
            when days_to_second_order <= 90 and {{ is_in_the_middle('days_rank', 'second_orders') }}
                then cast(days_to_second_order as double)
        end
    ) as median_days_to_second_order
from ranked
group by month_start
