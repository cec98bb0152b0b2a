-- A customer has one spell more than it has orders that came more than W days after the one before; the first spell
-- begins with its first order, the latest ends with its last.
with orders as (

    select
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        1 + count(case
            when {{ days_between('previous_order_date', 'order_date') }} > {{ var('active_window_days') }} then 1
        end) as spells
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by customer_id

),

spells as (

    select
        customer_id,
        min(spell_start_date) as first_order_date,
        max(spell_last_order_date) as last_order_date,
        count(*) as spells,
        max(spell_number) as last_spell_number
    from {{ ref('int_activity_spells') }}
    group by customer_id

)

select
    orders.spells as spells_of_orders,
    spells.spells,
    coalesce(orders.customer_id, spells.customer_id) as customer_id
from orders
full outer join spells
    on orders.customer_id = spells.customer_id
where
    orders.customer_id is null
    or spells.customer_id is null
    or orders.spells <> spells.spells
    or spells.last_spell_number <> spells.spells
    or orders.first_order_date <> spells.first_order_date
    or orders.last_order_date <> spells.last_order_date
