{%- set window = var('active_window_days') -%}
{#- Days after which a stage can change without an order, each against the date it is counted from. -#}
{%- set turning_points = [
    ('first_order_date', var('new_window_days') + 1),
    ('reactivated_on', var('new_window_days') + 1),
    ('order_date', var('at_risk_after_days') + 1),
    ('order_date', window),
] -%}
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}

),

-- What is known of a customer at the end of a month with orders, and how long it stays true.
months_with_orders as (

    select
        orders.customer_id,
        orders.order_date,
        orders.first_order_date,
        orders.order_number as orders,
        reactivations.spell_start_date as reactivated_on,
        {{ period_start('month', 'orders.order_date') }} as order_month,
        coalesce(
            {{ period_start('month', 'orders.next_order_date') }},
            {{ next_period_start('month', period_start('month', 'as_of.as_of_date')) }}
        ) as next_order_month,
        as_of.as_of_date
    from {{ ref('int_order_sequence') }} as orders
    left join {{ ref('int_activity_spells') }} as reactivations
        on
            orders.customer_id = reactivations.customer_id
            and reactivations.spell_number > 1
            and orders.order_date between reactivations.spell_start_date and reactivations.spell_last_order_date
    cross join as_of
    where
        orders.customer_id is not null
        and (
            orders.next_order_date is null
            or {{ period_start('month', 'orders.next_order_date') }} > {{ period_start('month', 'orders.order_date') }}
        )

),

with_month_before as (

    select
        *,
        lag(order_date) over customer_months as order_date_before,
        lag(orders) over customer_months as orders_before,
        lag(reactivated_on) over customer_months as reactivated_on_before
    from months_with_orders
    window customer_months as (partition by customer_id order by order_date)

),

-- Without orders a stage changes only in the month of a turning point.
with_turning_months as (

    select
        {% for date, days in turning_points %}
            {{ period_start('month', add_days(date, days)) }} as turning_month_{{ loop.index }},
        {% endfor %}
        order_month,
        next_order_month,
        first_order_date,
        order_date,
        orders,
        reactivated_on,
        order_date_before,
        orders_before,
        reactivated_on_before,
        as_of_date
    from with_month_before

),

looks as (
    {{ whole_numbers(turning_points | length, digits=1) | indent(4) }}
),

-- Look 0 is at the month of the orders itself, the others at the quiet months that follow it, the same month once. All
-- in one pass: an engine that works out a CTE wherever it is named would else sort all orders several times.
months as (

    select
        orders.first_order_date,
        orders.order_date,
        orders.orders,
        orders.reactivated_on,
        orders.as_of_date,
        case looks.number
            when 0 then orders.order_month
            {% for _ in turning_points %}
                when {{ loop.index }} then orders.turning_month_{{ loop.index }}
            {% endfor %}
        end as month_start,
        case looks.number when 0 then orders.order_date_before else orders.order_date end as order_date_before,
        case looks.number when 0 then orders.orders_before else orders.orders end as orders_before,
        case looks.number when 0 then orders.reactivated_on_before else orders.reactivated_on end
            as reactivated_on_before
    from with_turning_months as orders
    cross join looks
    where
        looks.number = 0
        {% for _ in turning_points %}
            {%- set this = 'orders.turning_month_' ~ loop.index %}
            or (
                looks.number = {{ loop.index }}
                and {{ this }} > orders.order_month
                and {{ this }} < orders.next_order_month
                {%- for earlier in range(1, loop.index) %}
                    {%- set before = 'orders.turning_month_' ~ earlier %}
                    and ({{ this }} <> {{ before }} or {{ before }} is null)
                {%- endfor %}
            )
        {% endfor %}

),

stages_of_months as (

    select
        month_start,
        case
            when order_date_before is null then 'prospect'
            else {{ lifecycle_stage(
                add_days('month_start', -1), 'first_order_date', 'order_date_before', 'reactivated_on_before',
                'orders_before'
            ) }}
        end as from_stage,
        {{ lifecycle_stage(
            month_end('month_start', 'as_of_date'), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
        ) }} as to_stage
    from months

)

select
    month_start,
    from_stage,
    to_stage,
    cast(count(*) as bigint) as customers
from stages_of_months
where from_stage <> to_stage
group by
    month_start,
    from_stage,
    to_stage
