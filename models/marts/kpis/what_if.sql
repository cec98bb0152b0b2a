{#- So many customers on each side are enough to speak of an average. -#}
{%- set enough_customers = 30 -%}
with first_orders as (

    select min(order_date) as first_order_date
    from {{ ref('int_daily_orders') }}

),

starts as (

    select
        'retention_rate' as lever,
        2 as sides,
        {{ add_days('as_of_date', 1 - 2 * value_window_days()) }} as observed_from
    from {{ ref('int_as_of') }}
    union all
    select
        'second_order_rate' as lever,
        2 as sides,
        {{ add_days('as_of_date', 1 - 90 - value_window_days()) }} as observed_from
    from {{ ref('int_as_of') }}
    union all
    select
        'average_order_value' as lever,
        1 as sides,
        {{ add_days('as_of_date', 1 - value_window_days()) }} as observed_from
    from {{ ref('int_as_of') }}

),

levers as (

    select
        starts.lever,
        starts.sides,
        starts.observed_from,
        starts.observed_from >= first_orders.first_order_date as is_observed
    from starts
    cross join first_orders

),

active_customers as (

    select count(distinct spells.customer_id) as customers
    from {{ ref('int_activity_spells') }} as spells
    cross join {{ ref('int_as_of') }} as as_of
    where
        spells.active_from <= {{ add_days('as_of.as_of_date', 1 - value_window_days()) }}
        and spells.active_until > {{ add_days('as_of.as_of_date', 1 - value_window_days()) }}

),

sides as (

    select
        levers.lever,
        levers.observed_from,
        levers.sides,
        levers.is_observed,
        coalesce(with_it.customers, 0) as customers_with,
        coalesce(without_it.customers, 0) as customers_without,
        with_it.orders,
        with_it.net_revenue,
        with_it.squared_revenue,
        with_it.variance as variance_with,
        without_it.variance as variance_without,
        {{ rate('with_it.net_revenue', 'with_it.customers') }} as revenue_with,
        {{ rate('without_it.net_revenue', 'without_it.customers') }} as revenue_without,
        case
            when levers.lever = 'retention_rate' then active_customers.customers
            else coalesce(with_it.customers, 0) + coalesce(without_it.customers, 0)
        end as base_customers
    from levers
    cross join active_customers
    left join {{ ref('int_lever_sides') }} as with_it
        on
            levers.lever = with_it.lever
            and with_it.has_it = 1
    left join {{ ref('int_lever_sides') }} as without_it
        on
            levers.lever = without_it.lever
            and without_it.has_it = 0

),

measured as (

    select
        *,
        case
            when not is_observed then 'not_observed_long_enough'
            when customers_with = 0 then 'nobody_with'
            when customers_without = 0 and sides = 2 then 'nobody_without'
        end as missing_because,
        case
            when sides = 1 then {{ rate('net_revenue', 'orders') }}
            else {{ rate('customers_with', 'customers_with + customers_without') }}
        end as level_observed,
        revenue_with - revenue_without as value_per_customer,
        cast(0.01 * base_customers as double) as customers_per_point
    from sides

),

-- What a point brings varies with the customers whom it moves, and with the averages that it is told from.
gains as (

    select
        *,
        case
            when missing_because is not null then null
            when sides = 1 then 0.01 * cast(net_revenue as double)
            else customers_per_point * value_per_customer
        end as gain,
        case
            when missing_because is not null then null
            when sides = 1 then 0.01 * sqrt(2 * squared_revenue)
            else sqrt(
                customers_per_point * (variance_with + variance_without + value_per_customer * value_per_customer)
                + customers_per_point * customers_per_point
                * (variance_with / customers_with + variance_without / customers_without)
            )
        end as standard_error
    from measured

),

-- The fitted models count where the value of customers that they predict is used.
predicted as (

    select
        levers.lever,
        predicted_levers.value_per_customer,
        predicted_levers.gain_365d,
        predicted_levers.gain_365d_low,
        predicted_levers.gain_365d_high,
        case when predicted_levers.missing_because is null then predicted_levers.base_customers end as base_customers,
        case
            when not trust.is_used then trust.why
            when predicted_levers.lever is null then 'not_predicted'
            else predicted_levers.missing_because
        end as not_predicted_because
    from levers
    inner join {{ ref('prediction_trust') }} as trust
        on trust.model = 'clv'
    left join {{ source('predictions', 'levers') }} as predicted_levers
        on
            levers.lever = predicted_levers.lever
            and predicted_levers.build_id = '{{ build_id() }}'
            and trust.is_used

)

select
    gains.lever,
    gains.observed_from,
    cast(case when gains.is_observed then gains.base_customers end as bigint) as base_customers,
    cast(gains.customers_with as bigint) as customers_with,
    cast(gains.customers_without as bigint) as customers_without,
    case when gains.is_observed then gains.level_observed end as level_observed,
    case when gains.missing_because is null then gains.value_per_customer end as value_per_customer,
    gains.gain as gain_365d,
    gains.gain - {{ confidence_z() }} * gains.standard_error as gain_365d_low,
    gains.gain + {{ confidence_z() }} * gains.standard_error as gain_365d_high,
    gains.is_observed and gains.customers_with >= {{ enough_customers }}
    and (gains.sides = 1 or gains.customers_without >= {{ enough_customers }}) as has_enough,
    gains.missing_because,
    predicted.base_customers as predicted_base_customers,
    predicted.value_per_customer as predicted_value_per_customer,
    predicted.gain_365d as predicted_gain_365d,
    predicted.gain_365d_low as predicted_gain_365d_low,
    predicted.gain_365d_high as predicted_gain_365d_high,
    predicted.not_predicted_because
from gains
inner join predicted
    on gains.lever = predicted.lever
