-- A spell is a run of orders that are at most the active window apart: its customer is active at every day from
-- the day after its first order to the window's end after its last. "Active at d" needs no table of days.
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}

),

spell_starts as (

    select
        customer_id,
        order_date as spell_start_date,
        previous_order_date
    from {{ ref('int_order_sequence') }}
    where
        order_number = 1
        or {{ days_between('previous_order_date', 'order_date') }} > {{ var('active_window_days') }}

),

numbered as (

    select
        customer_id,
        spell_start_date,
        row_number() over customer_spells as spell_number,
        lead(previous_order_date) over customer_spells as last_order_date_before_next_spell
    from spell_starts
    window customer_spells as (partition by customer_id order by spell_start_date)

),

spells as (

    select
        numbered.customer_id,
        customers.segment_id,
        customers.first_order_date,
        numbered.spell_number,
        numbered.spell_start_date,
        coalesce(numbered.last_order_date_before_next_spell, customers.last_order_date) as spell_last_order_date,
        numbered.last_order_date_before_next_spell is null as is_latest_spell
    from numbered
    inner join {{ ref('int_customers') }} as customers
        on numbered.customer_id = customers.customer_id

)

select
    spells.customer_id,
    spells.segment_id,
    spells.first_order_date,
    spells.spell_number,
    spells.spell_start_date,
    spells.spell_last_order_date,
    case
        when {{ add_days('spells.spell_last_order_date', var('active_window_days')) }} <= as_of.as_of_date
            then {{ add_days('spells.spell_last_order_date', var('active_window_days')) }}
    end as lapsed_on,
    spells.is_latest_spell
from spells
cross join as_of
