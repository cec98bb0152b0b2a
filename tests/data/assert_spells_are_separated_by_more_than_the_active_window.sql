-- Between the last order of a spell and the first of the next lie more than W days, and every spell but the
-- customer's latest has lapsed.
with spells as (

    select
        customer_id,
        spell_number,
        spell_start_date,
        spell_last_order_date,
        lapsed_on,
        is_latest_spell,
        lead(spell_start_date) over (partition by customer_id order by spell_number) as next_start_date
    from {{ ref('int_activity_spells') }}

)

select *
from spells
where
    spell_last_order_date < spell_start_date
    or {{ days_between('spell_last_order_date', 'next_start_date') }} <= {{ var('active_window_days') }}
    or is_latest_spell <> (next_start_date is null)
    or (next_start_date is not null and coalesce(lapsed_on >= next_start_date, true))
