-- Customers won, won back and lost per period, by all dimensions at once. Only what shows at period ends counts: a
-- spell that begins and lapses within one period shows at neither end, and a customer who lapses and comes back
-- within one period was active at both.
with spells as (

    select
        spells.customer_id,
        spells.spell_start_date,
        spells.lapsed_on,
        customers.first_order_date
    from {{ ref('int_activity_spells') }} as spells
    inner join {{ ref('int_customers') }} as customers
        on spells.customer_id = customers.customer_id

),

spells_by_grain as (
{% for grain in ['week', 'month', 'quarter', 'year'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ grain }}' as period_grain,
        customer_id,
        {{ period_start(grain, 'spell_start_date') }} as gained_in,
        {{ period_start(grain, 'lapsed_on') }} as lost_in,
        {{ period_start(grain, 'first_order_date') }} as acquired_in
    from spells
{% endfor %}
),

visible_spells as (

    select
        period_grain,
        customer_id,
        gained_in,
        lost_in,
        acquired_in,
        lag(lost_in) over customer_spells as previous_lost_in,
        lead(gained_in) over customer_spells as next_gained_in
    from spells_by_grain
    where lost_in is null or lost_in > gained_in
    window customer_spells as (partition by period_grain, customer_id order by gained_in)

),

movements as (

    select
        period_grain,
        gained_in as period_start,
        customer_id,
        case when gained_in = acquired_in then 1 else 0 end as new_customers_kept,
        case when gained_in = acquired_in then 0 else 1 end as reactivated_customers,
        0 as churned_customers,
        0 as new_customers
    from visible_spells
    where previous_lost_in is null or previous_lost_in < gained_in
    union all
    select
        period_grain,
        lost_in,
        customer_id,
        0,
        0,
        1,
        0
    from visible_spells
    where
        lost_in is not null
        and (next_gained_in is null or next_gained_in > lost_in)
{% for grain in ['week', 'month', 'quarter', 'year'] %}
    union all
    select
        '{{ grain }}',
        {{ period_start(grain, 'first_order_date') }},
        customer_id,
        0,
        0,
        0,
        1
    from {{ ref('int_customers') }}
{% endfor %}
)

select
    movements.period_grain,
    movements.period_start,
    {% for dimension in segment_dimensions() -%}
    coalesce(customers.{{ dimension }}, 'unknown') as {{ dimension }},
    {% endfor -%}
    sum(movements.new_customers) as new_customers,
    sum(movements.new_customers_kept) as new_customers_kept,
    sum(movements.reactivated_customers) as reactivated_customers,
    sum(movements.churned_customers) as churned_customers
from movements
inner join {{ ref('int_customers') }} as customers
    on movements.customer_id = customers.customer_id
group by
    movements.period_grain,
    movements.period_start,
    {% for dimension in segment_dimensions() -%}
    customers.{{ dimension }}{{ ',' if not loop.last }}
    {% endfor %}
