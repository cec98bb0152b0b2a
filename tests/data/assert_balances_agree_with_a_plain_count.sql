-- The running sums against their definitions, at the ends of the two latest years (the running one at as_of_date + 1):
-- an order in [d - W, d - 1], one in [d - 365, d - 1], and active both at d and at d - 365.
{%- set window = var('active_window_days') %}
with year_ends as (

    select
        measured_at as calendar_date,
        row_number() over (order by measured_at desc) as years_back
    from {{ ref('int_periods') }}
    where period_grain = 'year'

),

days as (

    select calendar_date
    from year_ends
    where years_back <= 2

),

customers_by_day as (

    select
        days.calendar_date,
        orders.customer_id,
        count(*) as orders,
        sum(orders.net_amount) as net_revenue,
        max(case
            when {{ days_between('orders.order_date', 'days.calendar_date') }} <= {{ window }} then 1 else 0
        end) as is_active,
        max(case
            when {{ days_between('orders.order_date', 'days.calendar_date') }} <= 365 then 1 else 0
        end) as is_in_year,
        max(case
            when
                {{ days_between('orders.order_date', 'days.calendar_date') }} > 365
                and {{ days_between('orders.order_date', 'days.calendar_date') }} <= 365 + {{ window }}
                then 1
            else 0
        end) as was_active_a_year_ago
    from days
    inner join {{ ref('int_order_sequence') }} as orders
        on days.calendar_date > orders.order_date
    where orders.customer_id is not null
    group by
        days.calendar_date,
        orders.customer_id

),

counted as (

    select
        calendar_date,
        count(*) as customers_acquired,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(is_active) as active_customers,
        sum(is_in_year) as year_customers,
        sum(is_active * was_active_a_year_ago) as active_now_and_year_ago
    from customers_by_day
    group by calendar_date

)

select
    days.calendar_date,
    counted.active_customers as active_customers_counted,
    balances.active_customers
from days
left join counted
    on days.calendar_date = counted.calendar_date
left join {{ ref('int_daily_balances') }} as balances
    on days.calendar_date = balances.calendar_date
where
    balances.calendar_date is null
    {% for measure in [
        'customers_acquired', 'orders', 'net_revenue', 'active_customers', 'year_customers', 'active_now_and_year_ago',
    ] %}
        or coalesce(counted.{{ measure }}, 0) <> balances.{{ measure }}
    {% endfor %}
