{#- How long the customer has not ordered, as a multiple of the usual gap between orders: of the customer's own with three
    orders or more, else of the middle gap of all customers; null where nobody has ordered twice. One row per subject with an
    order by its day. -#}
{% macro purchase_rhythm(subjects) -%}
with latest_orders as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        orders.order_number as orders,
        {{ days_between('orders.order_date', 'subjects.as_of_date') }} as recency_days,
        {{ days_between('orders.first_order_date', 'orders.order_date') }} as days_of_all_gaps
    from {{ subjects }} as subjects
    inner join {{ ref('int_order_sequence') }} as orders
        on
            subjects.customer_id = orders.customer_id
            and orders.order_date <= subjects.as_of_date
            and (orders.next_order_date is null or orders.next_order_date > subjects.as_of_date)

),

-- Counted by length: the middle one is found without a sort of all orders.
gaps as (

    select
        days.as_of_date,
        {{ days_between('orders.previous_order_date', 'orders.order_date') }} as gap_days,
        count(*) as gaps
    from {{ ref('int_order_sequence') }} as orders
    inner join (select distinct as_of_date from {{ subjects }}) as days
        on orders.order_date <= days.as_of_date
    where
        orders.customer_id is not null
        and orders.previous_order_date is not null
    group by
        days.as_of_date,
        {{ days_between('orders.previous_order_date', 'orders.order_date') }}

),

counted_gaps as (

    select
        as_of_date,
        gap_days,
        gaps,
        sum(gaps) over (partition by as_of_date order by gap_days) as gaps_up_to_it,
        sum(gaps) over (partition by as_of_date) as all_gaps
    from gaps

),

usual_gaps as (

    select
        as_of_date,
        avg(cast(gap_days as double)) as gap_days
    from counted_gaps
    where
        2 * (gaps_up_to_it - gaps) <= all_gaps
        and 2 * gaps_up_to_it >= all_gaps
    group by as_of_date

)

-- The own gap is days_of_all_gaps / (orders - 1). Divided once, a limit is met exactly.
select
    latest_orders.customer_id,
    latest_orders.as_of_date,
    latest_orders.orders,
    latest_orders.recency_days,
    latest_orders.days_of_all_gaps,
    case
        when latest_orders.orders >= 3 and latest_orders.days_of_all_gaps > 0
            then {{ rate(
                'latest_orders.recency_days * (latest_orders.orders - 1)', 'latest_orders.days_of_all_gaps'
            ) }}
        else {{ rate('latest_orders.recency_days', 'usual_gaps.gap_days') }}
    end as usual_gaps_passed
from latest_orders
left join usual_gaps
    on latest_orders.as_of_date = usual_gaps.as_of_date
{%- endmacro %}
