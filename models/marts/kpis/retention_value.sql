{#- So many customers kept and lost are enough to speak of an average. -#}
{%- set enough_customers = 30 -%}
with latest_periods as (

    select
        kpis.period_grain,
        max(case when kpis.is_complete then kpis.period_start end) as period_start,
        max(case
            when {{ days_between('kpis.period_end', 'as_of.as_of_date') }} + 1 >= {{ value_window_days() }}
                then kpis.period_start
        end) as observed_period_start
    from {{ ref('retention_kpis') }} as kpis
    cross join {{ ref('int_as_of') }} as as_of
    where kpis.period_grain <> 'week'
    group by kpis.period_grain

),

observed_periods as (

    select
        kpis.period_grain,
        kpis.period_start,
        kpis.period_end,
        kpis.is_left_censored,
        {{ add_days('kpis.period_end', value_window_days()) }} as window_end
    from {{ ref('retention_kpis') }} as kpis
    inner join latest_periods
        on
            kpis.period_grain = latest_periods.period_grain
            and kpis.period_start = latest_periods.observed_period_start

),

customers as (

    {{ kept_and_lost_customers(
        ref('int_activity_spells'), 'observed_periods', 'period_start', 'period_end', ['period_grain']
    ) }}

),

revenues as (

    select
        observed_periods.period_grain,
        orders.customer_id,
        sum(orders.net_amount) as net_revenue
    from {{ ref('int_order_sequence') }} as orders
    inner join observed_periods
        on
            orders.order_date >= observed_periods.period_end
            and orders.order_date < observed_periods.window_end
    where orders.customer_id is not null
    group by
        observed_periods.period_grain,
        orders.customer_id

),

customer_revenues as (

    select
        customers.period_grain,
        customers.is_kept,
        coalesce(revenues.net_revenue, 0) as net_revenue,
        try_cast(coalesce(revenues.net_revenue, 0) as decimal(15, 2)) as exact_revenue,
        try_cast(coalesce(revenues.net_revenue, 0) as decimal(19, 2)) as wide_revenue
    from customers
    left join revenues
        on
            customers.period_grain = revenues.period_grain
            and customers.customer_id = revenues.customer_id

),

sums as (

    select
        period_grain,
        is_kept,
        count(*) as customers,
        sum(net_revenue) as net_revenue,
        sum(exact_revenue * wide_revenue) as squares
    from customer_revenues
    group by
        period_grain,
        is_kept

),

-- Variances from exact sums: the same whatever the order of the rows, also where all revenues are alike. Revenues too
-- large for that have none. DuckDB gives a product 18 digits and fails beyond them, unless one side has more: so one
-- does.
sides as (

    select
        period_grain,
        is_kept,
        customers,
        {{ rate('net_revenue', 'customers') }} as revenue_per_customer,
        cast(
            try_cast(customers as decimal(8, 0)) * try_cast(squares as decimal(30, 4))
            - try_cast(net_revenue as decimal(15, 2)) * try_cast(net_revenue as decimal(19, 2)) as double
        ) / nullif(cast(customers as double) * (customers - 1), 0) as variance
    from sums

),

measured as (

    select
        latest_periods.period_grain,
        latest_periods.period_start,
        kpis.period_end,
        kpis.customers_at_start,
        kpis.retained_customer_rate,
        latest_periods.observed_period_start,
        observed_periods.is_left_censored,
        kept.revenue_per_customer as revenue_per_kept_customer,
        lost.revenue_per_customer as revenue_per_lost_customer,
        coalesce(kept.customers, 0) as kept_customers,
        coalesce(lost.customers, 0) as lost_customers,
        kept.revenue_per_customer - lost.revenue_per_customer as value_per_kept_customer,
        {{ confidence_z() }} * sqrt(kept.variance / kept.customers + lost.variance / lost.customers) as half_interval,
        0.01 * kpis.customers_at_start as customers_per_point
    from latest_periods
    left join {{ ref('retention_kpis') }} as kpis
        on
            latest_periods.period_grain = kpis.period_grain
            and latest_periods.period_start = kpis.period_start
    left join observed_periods
        on latest_periods.period_grain = observed_periods.period_grain
    left join sides as kept
        on
            latest_periods.period_grain = kept.period_grain
            and kept.is_kept = 1
    left join sides as lost
        on
            latest_periods.period_grain = lost.period_grain
            and lost.is_kept = 0

)

select
    period_grain,
    period_start,
    period_end,
    customers_at_start,
    retained_customer_rate,
    observed_period_start,
    is_left_censored,
    kept_customers,
    lost_customers,
    revenue_per_kept_customer,
    revenue_per_lost_customer,
    value_per_kept_customer,
    value_per_kept_customer - half_interval as value_per_kept_customer_low,
    value_per_kept_customer + half_interval as value_per_kept_customer_high,
    cast(customers_per_point * value_per_kept_customer as double) as value_per_point,
    cast(customers_per_point * (value_per_kept_customer - half_interval) as double) as value_per_point_low,
    cast(customers_per_point * (value_per_kept_customer + half_interval) as double) as value_per_point_high,
    kept_customers >= {{ enough_customers }} and lost_customers >= {{ enough_customers }} as has_enough,
    case
        when period_start is null then 'no_complete_period'
        when observed_period_start is null then 'not_observed_long_enough'
        when kept_customers = 0 then 'nobody_kept'
        when lost_customers = 0 then 'nobody_lost'
    end as missing_because
from measured
