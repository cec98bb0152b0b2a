-- A spell is a run of orders that are at most the active window apart: its customer is active at every day from
-- the day after its first order to the window's end after its last. "Active at d" needs no table of days.
with spell_starts as (

    select
        customer_id,
        order_date as spell_start_date,
        previous_order_date
    from {{ ref('int_order_sequence') }}
    where
        order_number = 1
        or order_date > {{ lapse_date('previous_order_date') }}

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

),

windows as (

    select
        spells.*,
        {{ lapse_date('spells.spell_last_order_date') }} as lapse_date,
        as_of.as_of_date
    from spells
    cross join {{ ref('int_as_of') }} as as_of

)

select
    customer_id,
    segment_id,
    first_order_date,
    spell_number,
    spell_start_date,
    spell_last_order_date,
    {{ add_days('spell_start_date', 1) }} as active_from,
    {{ add_days('lapse_date', 1) }} as active_until,
    case when lapse_date <= as_of_date then lapse_date end as lapsed_on,
    is_latest_spell
from windows
