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

changes_in_months_with_orders as (

    select
        order_month as month_start,
        case
            when order_date_before is null then 'prospect'
            else {{ lifecycle_stage(
                add_days('order_month', -1), 'first_order_date', 'order_date_before', 'reactivated_on_before',
                'orders_before'
            ) }}
        end as from_stage,
        {{ lifecycle_stage(
            month_end('order_month', 'as_of_date'), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
        ) }} as to_stage
    from with_month_before

),

-- Without orders a stage changes only in the month of a turning point; the same month is looked at once.
turning_months as (

    select
        {% for date, days in turning_points %}
            {{ period_start('month', add_days(date, days)) }} as turning_month_{{ loop.index }},
        {% endfor %}
        order_month,
        next_order_month,
        first_order_date,
        order_date,
        reactivated_on,
        orders,
        as_of_date
    from months_with_orders

),

quiet_months as (
    {% for _ in turning_points %}
        {%- set this = 'turning_month_' ~ loop.index %}
        select
            {{ this }} as month_start,
            first_order_date,
            order_date,
            reactivated_on,
            orders,
            as_of_date
        from turning_months
        where
            {{ this }} > order_month
            and {{ this }} < next_order_month
            {%- for earlier in range(1, loop.index) %}
                and ({{ this }} <> turning_month_{{ earlier }} or turning_month_{{ earlier }} is null)
            {%- endfor %}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

changes_in_quiet_months as (

    select
        month_start,
        {{ lifecycle_stage(
            add_days('month_start', -1), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
        ) }} as from_stage,
        {{ lifecycle_stage(
            month_end('month_start', 'as_of_date'), 'first_order_date', 'order_date', 'reactivated_on', 'orders'
        ) }} as to_stage
    from quiet_months

),

changes as (

    select
        month_start,
        from_stage,
        to_stage,
        count(*) as customers
    from (
        select * from changes_in_months_with_orders
        union all
        select * from changes_in_quiet_months
    ) as all_changes
    where from_stage <> to_stage
    group by
        month_start,
        from_stage,
        to_stage

),

-- Who did not change is who was there, less who left.
flows as (

    select
        month_start,
        to_stage as stage,
        customers as arrived,
        0 as departed
    from changes
    union all
    select
        month_start,
        from_stage as stage,
        0 as arrived,
        customers as departed
    from changes
    where from_stage <> 'prospect'

),

stages as (

    select distinct stage
    from flows

),

monthly_flows as (

    select
        month_start,
        stage,
        sum(arrived) as arrived,
        sum(departed) as departed
    from flows
    group by
        month_start,
        stage

),

balances as (

    select
        months.period_start as month_start,
        stages.stage,
        sum(coalesce(monthly_flows.arrived, 0) - coalesce(monthly_flows.departed, 0)) over (
            partition by stages.stage
            order by months.period_start
            rows between unbounded preceding and current row
        ) - coalesce(monthly_flows.arrived, 0) as stayed
    from {{ ref('int_periods') }} as months
    cross join stages
    left join monthly_flows
        on
            months.period_start = monthly_flows.month_start
            and stages.stage = monthly_flows.stage
    where months.period_grain = 'month'

)

select
    month_start,
    from_stage,
    to_stage,
    cast(customers as bigint) as customers
from changes
union all
select
    month_start,
    stage as from_stage,
    stage as to_stage,
    cast(stayed as bigint) as customers
from balances
where stayed > 0
