with chosen as (

    {{ chosen_by_hash(ref('int_customers'), most_customers_to_backtest()) | indent(4) }}

),

years as (

    select
        {{ add_days('as_of_date', 1) }} as year_end,
        {{ add_days('as_of_date', 1 - value_window_days()) }} as year_start
    from {{ ref('int_as_of') }}

),

-- Whoever lapses and comes back within the year was active at both of its ends.
active_customers as (

    select
        spells.customer_id,
        max(case when spells.active_until > years.year_end then 1 else 0 end) as is_kept
    from {{ ref('int_activity_spells') }} as spells
    cross join years
    where
        spells.active_from <= years.year_end
        and spells.active_until > years.year_start
    group by spells.customer_id
    having min(case when spells.active_from <= years.year_start then 0 else 1 end) = 0

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
