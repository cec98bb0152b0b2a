-- What stands at the start of each day: running sums of what the days before brought. The KPIs look up three days
-- (start, end, a year before the end) instead of counting customers for each period.
{%- set window = var('active_window_days') %}
{%- set balances = ['orders', 'net_revenue', 'customers_acquired', 'active_customers', 'year_customers', 'active_now_and_year_ago'] %}
with changes_by_orders as (

    select
        {{ add_days('order_date', 1) }} as calendar_date,
        orders,
        net_revenue,
        new_customers as customers_acquired,
        0 as active_customers,
        year_entries as year_customers,
        0 as active_now_and_year_ago
    from {{ ref('int_daily_orders') }}
    union all
    select
        {{ add_days('order_date', 366) }},
        0,
        0,
        0,
        0,
        -year_exits,
        0
    from {{ ref('int_daily_orders') }}

),

spells as (

    select
        customer_id,
        spell_number,
        {{ add_days('spell_start_date', 1) }} as active_from,
        {{ add_days('spell_last_order_date', window + 1) }} as active_until
    from {{ ref('int_activity_spells') }}

),

both_now_and_year_ago as (

    select
        greatest(spells.active_from, {{ add_days('earlier_spells.active_from', 365) }}) as active_from,
        least(spells.active_until, {{ add_days('earlier_spells.active_until', 365) }}) as active_until
    from spells
    inner join spells as earlier_spells
        on
            spells.customer_id = earlier_spells.customer_id
            and spells.spell_number >= earlier_spells.spell_number

),

changes_by_spells as (

    select active_from as calendar_date, 1 as active_customers, 0 as active_now_and_year_ago from spells
    union all
    select active_until, -1, 0 from spells
    union all
    select active_from, 0, 1 from both_now_and_year_ago where active_from < active_until
    union all
    select active_until, 0, -1 from both_now_and_year_ago where active_from < active_until

),

changes as (

    select * from changes_by_orders
    union all
    select
        calendar_date,
        0,
        0,
        0,
        sum(active_customers),
        0,
        sum(active_now_and_year_ago)
    from changes_by_spells
    group by calendar_date

),

daily_changes as (

    select
        calendar_date,
        {% for balance in balances -%}
        sum({{ balance }}) as {{ balance }}{{ ',' if not loop.last }}
        {% endfor %}
    from changes
    group by calendar_date

)

select
    days.calendar_date,
    {% for balance in balances -%}
    cast(coalesce(sum(daily_changes.{{ balance }}) over (
        order by days.calendar_date rows between unbounded preceding and current row
    ), 0) as {{ 'decimal(28,2)' if balance == 'net_revenue' else 'bigint' }}) as {{ balance }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_days') }} as days
left join daily_changes
    on days.calendar_date = daily_changes.calendar_date
