-- Orders by cohort and period, by dimension and value. An order is its customer's first in a period if the one
-- before lies before the period: nobody is counted twice, and no customer x period table is needed.
{%- set measures = ['orders', 'net_revenue', 'active_customers', 'new_customers', 'first_returns', 'last_orders'] %}
with orders as (

    select
        sequence.customer_id,
        sequence.order_date,
        sequence.order_number,
        sequence.net_amount,
        sequence.first_order_date,
        sequence.previous_order_date,
        sequence.next_order_date,
        {% for dimension in segment_dimensions() -%}
        coalesce(customers.{{ dimension }}, 'unknown') as {{ dimension }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_order_sequence') }} as sequence
    inner join {{ ref('int_customers') }} as customers
        on sequence.customer_id = customers.customer_id

),

by_month as (

    select
        {{ period_start('month', 'first_order_date') }} as cohort_month,
        {{ period_start('month', 'order_date') }} as order_month,
        {% for dimension in segment_dimensions() -%}
        {{ dimension }},
        {% endfor -%}
        count(*) as orders,
        sum(net_amount) as net_revenue,
        count(
            case when order_number = 1 or previous_order_date < {{ period_start('month', 'order_date') }} then 1 end
        ) as active_customers,
        count(
            case when order_number = 1 or previous_order_date < {{ period_start('quarter', 'order_date') }} then 1 end
        ) as active_customers_by_quarter,
        count(case when order_number = 1 then 1 end) as new_customers,
        count(case when order_number = 2 then 1 end) as first_returns,
        count(case when next_order_date is null then 1 end) as last_orders
    from orders
    group by
        {{ period_start('month', 'first_order_date') }},
        {{ period_start('month', 'order_date') }},
        {% for dimension in segment_dimensions() -%}
        {{ dimension }}{{ ',' if not loop.last }}
        {% endfor %}

),

by_week as (

    select
        {{ period_start('week', 'first_order_date') }} as cohort_start,
        {{ period_start('week', 'order_date') }} as period_start,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        count(
            case when order_number = 1 or previous_order_date < {{ period_start('week', 'order_date') }} then 1 end
        ) as active_customers,
        count(case when order_number = 1 then 1 end) as new_customers,
        count(case when order_number = 2 then 1 end) as first_returns,
        count(case when next_order_date is null then 1 end) as last_orders
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by
        {{ period_start('week', 'first_order_date') }},
        {{ period_start('week', 'order_date') }}

),

by_month_and_dimension as (

    {{ sum_by_dimension(
        'by_month', ['cohort_month', 'order_month'], measures + ['active_customers_by_quarter']
    ) }}

)

select
    'week' as cohort_grain,
    cohort_start,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    {{ measures | join(',\n    ') }}
from by_week
union all
select
    'month' as cohort_grain,
    cohort_month as cohort_start,
    order_month as period_start,
    dimension,
    dimension_value,
    {{ measures | join(',\n    ') }}
from by_month_and_dimension
union all
select
    'quarter' as cohort_grain,
    {{ period_start('quarter', 'cohort_month') }} as cohort_start,
    {{ period_start('quarter', 'order_month') }} as period_start,
    dimension,
    dimension_value,
    {% for measure in measures -%}
    sum({{ 'active_customers_by_quarter' if measure == 'active_customers' else measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
from by_month_and_dimension
group by
    {{ period_start('quarter', 'cohort_month') }},
    {{ period_start('quarter', 'order_month') }},
    dimension,
    dimension_value
