-- Customers won, won back and lost per period. Only what shows at period ends counts, so the starts and ends of a
-- customer's spells in one period are added up: who lapses and comes back within it was active at both ends.
-- Most customers have one spell: those of a segment with the same one move together, and are one row.
with spells as (

    select
        customer_id,
        segment_id,
        spell_number,
        spell_start_date,
        lapsed_on,
        1 as customers
    from {{ ref('int_activity_spells') }}
    where spell_number > 1 or not is_latest_spell
    union all
    select
        min(customer_id) as customer_id,
        segment_id,
        spell_number,
        spell_start_date,
        lapsed_on,
        count(*) as customers
    from {{ ref('int_activity_spells') }}
    where spell_number = 1 and is_latest_spell
    group by
        segment_id,
        spell_number,
        spell_start_date,
        lapsed_on

),

starts_and_ends as (

    select
        customer_id,
        segment_id,
        customers,
        spell_start_date as calendar_date,
        1 as change,
        case when spell_number = 1 then 1 else 0 end as is_first_order
    from spells
    union all
    select
        customer_id,
        segment_id,
        customers,
        lapsed_on as calendar_date,
        -1 as change,
        0 as is_first_order
    from spells
    where lapsed_on is not null

),

-- 1: gained, -1: lost, 0: at both ends of the period as before.
customer_periods as (

    select
        calendar.period_grain,
        calendar.period_start,
        starts_and_ends.segment_id,
        starts_and_ends.customer_id,
        max(starts_and_ends.customers) as customers,
        sum(starts_and_ends.change) as change,
        max(starts_and_ends.is_first_order) as is_new
    from starts_and_ends
    inner join {{ ref('int_calendar') }} as calendar
        on starts_and_ends.calendar_date = calendar.calendar_date
    group by
        calendar.period_grain,
        calendar.period_start,
        starts_and_ends.segment_id,
        starts_and_ends.customer_id

)

select
    period_grain,
    period_start,
    segment_id,
    cast(sum(case when is_new = 1 then customers else 0 end) as bigint) as new_customers,
    cast(sum(case when is_new = 1 and change = 1 then customers else 0 end) as bigint) as new_customers_kept,
    cast(sum(case when is_new = 0 and change = 1 then customers else 0 end) as bigint) as reactivated_customers,
    cast(sum(case when change = -1 then customers else 0 end) as bigint) as churned_customers
from customer_periods
where is_new = 1 or change <> 0
group by
    period_grain,
    period_start,
    segment_id
