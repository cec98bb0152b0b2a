with chosen as (

    {{ chosen_by_hash(ref('int_customers'), most_customers_to_backtest()) | indent(4) }}

),

years as (

    select
        {{ add_days('as_of_date', 1) }} as year_end,
        {{ add_days('as_of_date', 1 - value_window_days()) }} as year_start
    from {{ ref('int_as_of') }}

),

active_customers as (

    {{ kept_and_lost_customers(ref('int_activity_spells'), 'years', 'year_start', 'year_end') }}

),

first_days as (

    select
        orders.customer_id,
        cast(sum(orders.net_amount) as decimal(28, 2)) as first_day_revenue
    from {{ ref('int_order_sequence') }} as orders
    cross join years
    where
        orders.order_date = orders.first_order_date
        and orders.first_order_date >= years.year_start
    group by orders.customer_id

)

select
    buyers.customer_id,
    buyers.repeat_orders,
    buyers.last_day,
    buyers.age_days,
    buyers.later_revenue,
    cast(case when active_customers.customer_id is null then 0 else 1 end as int) as was_active,
    active_customers.is_kept,
    first_days.first_day_revenue
from {{ ref('int_repeat_buying') }} as buyers
inner join chosen
    on buyers.customer_id = chosen.customer_id
left join active_customers
    on buyers.customer_id = active_customers.customer_id
left join first_days
    on buyers.customer_id = first_days.customer_id
