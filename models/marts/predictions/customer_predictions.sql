with order_values as (

    select
        max(case when parameter = 'p' then estimate end) as p,
        max(case when parameter = 'q' then estimate end) as q,
        max(case when parameter = 'gamma' then estimate end) as gamma
    from {{ ref('prediction_parameters') }}
    where model = 'gamma_gamma'

),

scored_states as (

    select *
    from {{ source('predictions', 'states') }}
    where build_id = '{{ build_id() }}'

),

customers as (

    select
        customer_id,
        repeat_orders,
        last_day,
        age_days,
        -- A customer whose repeat orders brought nothing is judged by all others.
        case when later_revenue > 0 then repeat_orders else 0 end as paid_orders,
        case when later_revenue > 0 then cast(later_revenue as double) else 0 end as paid_revenue
    from {{ ref('int_repeat_buying') }}

),

predictions as (

    select
        customers.customer_id,
        customers.repeat_orders,
        customers.last_day,
        customers.age_days,
        scored_states.p_alive,
        scored_states.expected_orders_90d,
        scored_states.expected_orders_90d_low,
        scored_states.expected_orders_90d_high,
        scored_states.expected_orders_365d,
        scored_states.expected_orders_365d_low,
        scored_states.expected_orders_365d_high,
        scored_states.discounted_orders_365d,
        case
            when order_values.q > 1
                then
                    order_values.p * (order_values.gamma + customers.paid_revenue)
                    / (order_values.p * customers.paid_orders + order_values.q - 1)
        end as expected_order_value
    from customers
    cross join order_values
    left join scored_states
        on
            customers.repeat_orders = scored_states.repeat_orders
            and customers.last_day = scored_states.last_day
            and customers.age_days = scored_states.age_days

)

select
    predictions.customer_id,
    predictions.repeat_orders,
    predictions.last_day,
    predictions.age_days,
    predictions.p_alive,
    predictions.expected_orders_90d,
    predictions.expected_orders_90d_low,
    predictions.expected_orders_90d_high,
    predictions.expected_orders_365d,
    predictions.expected_orders_365d_low,
    predictions.expected_orders_365d_high,
    predictions.expected_order_value,
    predictions.discounted_orders_365d,
    cast({{ var('margin_rate') }} as double) * predictions.expected_order_value * predictions.discounted_orders_365d
        as predicted_clv_365d,
    churn_scores.churn_probability,
    churn_scores.top_drivers_en,
    churn_scores.top_drivers_de
from predictions
left join {{ ref('int_churn_scores') }} as churn_scores
    on predictions.customer_id = churn_scores.customer_id
