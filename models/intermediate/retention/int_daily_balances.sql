-- What stands at the start of each day: running sums of what the days before brought. The KPIs look up three days
-- (start, end, a year before the end) instead of counting customers for each period.
{%- set window = var('active_window_days') %}
{%- set counts = ['orders', 'customers_acquired', 'active_customers', 'year_customers', 'active_now_and_year_ago'] %}
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
        {{ add_days('order_date', 366) }} as calendar_date,
        0 as orders,
        0 as net_revenue,
        0 as customers_acquired,
        0 as active_customers,
        -year_exits as year_customers,
        0 as active_now_and_year_ago
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

    select
        active_from as calendar_date,
        1 as active_customers,
        0 as active_now_and_year_ago
    from spells
    union all
    select
        active_until as calendar_date,
        -1 as active_customers,
        0 as active_now_and_year_ago
    from spells
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

),

changes as (

    select * from changes_by_orders
    union all
    select
        calendar_date,
        0 as orders,
        0 as net_revenue,
        0 as customers_acquired,
        sum(active_customers) as active_customers,
        0 as year_customers,
        sum(active_now_and_year_ago) as active_now_and_year_ago
    from changes_by_spells
    group by calendar_date

),

daily_changes as (

    select
        calendar_date,
        {% for count in counts %}
            sum({{ count }}) as {{ count }},
        {% endfor %}
        sum(net_revenue) as net_revenue
    from changes
    group by calendar_date

)

select
    days.calendar_date,
    {% for count in counts %}
        cast(coalesce(sum(daily_changes.{{ count }}) over days_to_date, 0) as bigint) as {{ count }},
    {% endfor %}
    cast(coalesce(sum(daily_changes.net_revenue) over days_to_date, 0) as decimal(28, 2)) as net_revenue
from {{ ref('int_days') }} as days
left join daily_changes
    on days.calendar_date = daily_changes.calendar_date
window days_to_date as (order by days.calendar_date rows between unbounded preceding and current row)
