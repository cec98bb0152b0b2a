-- Each customer who begins to be active is +1 on that day, and -1 on the day on which that ends.
with both_now_and_year_ago as (

    select
        greatest(
            spells.active_from, {{ add_days('earlier_spells.active_from', value_window_days()) }}
        ) as active_from,
        least(
            spells.active_until, {{ add_days('earlier_spells.active_until', value_window_days()) }}
        ) as active_until
    from {{ ref('int_activity_spells') }} as spells
    inner join {{ ref('int_activity_spells') }} as earlier_spells
        on
            spells.customer_id = earlier_spells.customer_id
            and spells.spell_number >= earlier_spells.spell_number

),

changes as (

    select
        active_from as calendar_date,
        1 as active_customers,
        0 as active_now_and_year_ago
    from {{ ref('int_activity_spells') }}
    union all
    select
        active_until as calendar_date,
        -1 as active_customers,
        0 as active_now_and_year_ago
    from {{ ref('int_activity_spells') }}
    union all
    select
        active_from as calendar_date,
        0 as active_customers,
        1 as active_now_and_year_ago
    from both_now_and_year_ago
    where active_from < active_until
    union all
    select
        active_until as calendar_date,
        0 as active_customers,
        -1 as active_now_and_year_ago
    from both_now_and_year_ago
    where active_from < active_until

)

select
    calendar_date,
    cast(sum(active_customers) as bigint) as active_customers,
    cast(sum(active_now_and_year_ago) as bigint) as active_now_and_year_ago
from changes
group by calendar_date
