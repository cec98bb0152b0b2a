with span as (

    select
        min(trials.taken_date) as first_date,
        max(as_of.as_of_date) as as_of_date
    from {{ ref('int_playbook_trials') }} as trials
    cross join {{ ref('int_as_of') }} as as_of

),

months as (

    {{ periods_of_span('span', ['month']) | indent(4) }}

),

sides as (

    select
        period_start as month_start,
        is_complete,
        false as is_universal_control
    from months
    union all
    select
        period_start as month_start,
        is_complete,
        true as is_universal_control
    from months

),

-- Who is in the base is counted as a balance: customers who join and leave it, and no table of customers by months.
changes as (

    select
        first_month as month_start,
        is_universal_control,
        count(*) as customers
    from {{ ref('int_programme_members') }}
    group by
        first_month,
        is_universal_control
    union all
    select
        month_after as month_start,
        is_universal_control,
        -count(*) as customers
    from {{ ref('int_programme_members') }}
    group by
        month_after,
        is_universal_control

),

counted as (

    select
        sides.month_start,
        sides.is_complete,
        sides.is_universal_control,
        cast(coalesce(sum(changes.customers), 0) as bigint) as customers
    from sides
    left join changes
        on
            sides.is_universal_control = changes.is_universal_control
            and sides.month_start >= changes.month_start
    group by
        sides.month_start,
        sides.is_complete,
        sides.is_universal_control

),

months_of_customers as (

    select
        orders.customer_id,
        {{ period_start('month', 'orders.order_date') }} as month_start,
        count(*) as orders,
        sum(orders.net_amount) as net_revenue
    from {{ ref('int_order_sequence') }} as orders
    cross join span
    where
        orders.customer_id is not null
        and orders.order_date >= {{ period_start('month', 'span.first_date') }}
    group by
        orders.customer_id,
        {{ period_start('month', 'orders.order_date') }}

),

bought as (

    select
        members.is_universal_control,
        months.month_start,
        months.orders,
        months.net_revenue
    from months_of_customers as months
    inner join {{ ref('int_programme_members') }} as members
        on
            months.customer_id = members.customer_id
            and months.month_start >= members.first_month
            and months.month_start < members.month_after

),

totals as (

    select
        month_start,
        is_universal_control,
        count(*) as buyers,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue
    from bought
    group by
        month_start,
        is_universal_control

),

means as (

    select
        counted.*,
        coalesce(totals.buyers, 0) as buyers,
        {{ rate('coalesce(totals.orders, 0)', 'counted.customers') }} as orders_per_customer,
        {{ rate('coalesce(totals.net_revenue, 0)', 'counted.customers') }} as revenue_per_customer
    from counted
    left join totals
        on
            counted.month_start = totals.month_start
            and counted.is_universal_control = totals.is_universal_control

),

-- Of the customers who bought one by one; the others are all at 0, so equally far from the mean.
squares as (

    select
        means.month_start,
        means.is_universal_control,
        {{ sum_in_any_order(squared('bought.orders - means.orders_per_customer')) }} as of_orders,
        {{ sum_in_any_order(squared('cast(bought.net_revenue as double) - means.revenue_per_customer')) }} as of_revenue
    from bought
    inner join means
        on
            bought.month_start = means.month_start
            and bought.is_universal_control = means.is_universal_control
    group by
        means.month_start,
        means.is_universal_control

)

select
    means.month_start,
    means.is_universal_control,
    means.is_complete,
    means.customers,
    means.orders_per_customer,
    means.revenue_per_customer,
    case
        when means.customers > 1
            then (
                coalesce(squares.of_orders, 0)
                + (means.customers - means.buyers) * {{ squared('means.orders_per_customer') }}
            ) / (means.customers - 1)
    end as orders_variance,
    case
        when means.customers > 1
            then (
                coalesce(squares.of_revenue, 0)
                + (means.customers - means.buyers) * {{ squared('means.revenue_per_customer') }}
            ) / (means.customers - 1)
    end as revenue_variance
from means
left join squares
    on
        means.month_start = squares.month_start
        and means.is_universal_control = squares.is_universal_control
