{#- The last of the days after one, in which a customer who is not gone places an order. -#}
{% macro churn_known_on(day) -%}
    {{ add_days(day, var('churn_horizon_days')) }}
{%- endmacro %}


{#- What is known of each customer at the end of a day, for past days and today alike: whatever happened after a day does not exist for
    it. `subjects` is a relation of (customer_id, as_of_date), `scores` one of their health. Null is what there is no signal for. -#}
{% macro churn_values(subjects, scores) -%}
with rhythm as (

    {{ purchase_rhythm(subjects) | indent(4) }}

),

recent_orders as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        count(*) as orders_365d,
        count(case when orders.order_date > {{ add_days('subjects.as_of_date', -90) }} then 1 end) as orders_90d,
        count(
            case
                when
                    orders.order_date <= {{ add_days('subjects.as_of_date', -90) }}
                    and orders.order_date > {{ add_days('subjects.as_of_date', -180) }}
                    then 1
            end
        ) as orders_90d_before,
        sum(orders.net_amount) as net_revenue_365d,
        sum(
            case when orders.order_date > {{ add_days('subjects.as_of_date', -90) }} then orders.net_amount else 0 end
        ) as net_revenue_90d
    from {{ subjects }} as subjects
    inner join {{ ref('int_order_sequence') }} as orders
        on
        {{ within_days('orders', 'order_date', 365) }}
    group by
        subjects.customer_id,
        subjects.as_of_date

),

-- Revenue counts in orders of the usual value: the same in any currency.
usual_orders as (

    select
        as_of_date,
        {{ rate('sum(net_revenue_365d)', 'sum(orders_365d)') }} as order_value
    from recent_orders
    group by as_of_date

)

select
    rhythm.customer_id,
    rhythm.as_of_date,
    rhythm.recency_days,
    rhythm.usual_gaps_passed,
    rhythm.orders,
    rhythm.recency_days + rhythm.days_of_all_gaps as customer_days,
    coalesce(recent_orders.orders_90d, 0) as orders_90d,
    coalesce(recent_orders.orders_90d_before, 0) as orders_90d_before,
    coalesce(recent_orders.net_revenue_365d, 0) as net_revenue_365d,
    coalesce(recent_orders.net_revenue_90d, 0) as net_revenue_90d,
    usual_orders.order_value as usual_order_value,
    scores.engagement_score,
    {%- for component in churn_components() %}
    scores.health_{{ component }}{{ ',' if not loop.last }}
    {%- endfor %}
from rhythm
left join recent_orders
    on
        rhythm.customer_id = recent_orders.customer_id
        and rhythm.as_of_date = recent_orders.as_of_date
left join usual_orders
    on rhythm.as_of_date = usual_orders.as_of_date
left join {{ scores }} as scores
    on
        rhythm.customer_id = scores.customer_id
        and rhythm.as_of_date = scores.as_of_date
{%- endmacro %}


{#- Components of health that the model knows; of the purchase it knows the figures themselves. -#}
{% macro churn_components() -%}
    {{ return(health_component_names() | reject('equalto', 'purchase') | list) }}
{%- endmacro %}


{#- The features of the model, each as an expression on the values of `churn_values`: a number, never null. How often and how much is
    taken as a logarithm, as twice as much is one step whatever it is twice of. A component counts from its middle, and as that where
    it is null; that it is known at all is a feature of its own. -#}
{% macro churn_features() -%}
    {%- set features = {
        'recency': 'ln(1e0 + known.recency_days)',
        'rhythm': 'ln(1e0 + coalesce(known.usual_gaps_passed, 0))',
        'orders': 'ln(cast(known.orders as double))',
        'age': 'ln(1e0 + known.customer_days)',
        'orders_90d': 'ln(1e0 + known.orders_90d)',
        'orders_90d_before': 'ln(1e0 + known.orders_90d_before)',
        'revenue_365d': 'ln(1e0 + ' ~ usual_orders_worth('known.net_revenue_365d') ~ ')',
        'revenue_90d': 'ln(1e0 + ' ~ usual_orders_worth('known.net_revenue_90d') ~ ')',
        'activity': 'ln(1e0 + coalesce(known.engagement_score, 0))',
    } -%}
    {%- for component in churn_components() -%}
        {%- do features.update({
            component: 'cast(coalesce(known.health_' ~ component ~ ' - 3, 0) as double)',
            component ~ '_known': 'case when known.health_' ~ component ~ ' is null then 0e0 else 1e0 end',
        }) -%}
    {%- endfor -%}
    {{ return(features) }}
{%- endmacro %}

{% macro usual_orders_worth(net_revenue) -%}
    greatest(coalesce({{ rate(net_revenue, 'known.usual_order_value') }}, 0e0), 0e0)
{%- endmacro %}


{#- What moves the probability of a customer, with the features that belong to it. One feature alone may point the other way, as its
    neighbours say nearly the same: together they say what they mean. -#}
{% macro churn_drivers() -%}
    {%- set drivers = {
        'silence': ['recency', 'rhythm', 'orders_90d', 'orders_90d_before', 'revenue_90d'],
        'orders': ['orders'],
        'age': ['age'],
        'revenue': ['revenue_365d'],
        'activity': ['activity', 'engagement', 'engagement_known'],
    } -%}
    {%- for component in churn_components() | reject('equalto', 'engagement') -%}
        {%- do drivers.update({component: [component, component ~ '_known']}) -%}
    {%- endfor -%}
    {{ return(drivers) }}
{%- endmacro %}


{#- The values that the words of drivers name in braces, with how many decimals. -#}
{% macro values_of_churn_drivers() -%}
    {{ return({
        'recency_days': 0, 'usual_gaps_passed': 1, 'orders': 0, 'customer_days': 0, 'orders_90d': 0, 'orders_90d_before': 0,
        'net_revenue_365d': 0, 'engagement_score': 0, 'health_email': 0, 'health_support': 0, 'health_survey': 0,
        'health_payment': 0,
    }) }}
{%- endmacro %}

{#- The words of a driver, filled with the values of `numbers` in that language. -#}
{% macro churn_driver_in_words(words, language) -%}
    {%- set filled = namespace(words=words) -%}
    {%- for value in values_of_churn_drivers() -%}
        {%- set filled.words = "replace(" ~ filled.words ~ ", '{" ~ value ~ "}', numbers." ~ value ~ "_" ~ language ~ ")" -%}
    {%- endfor -%}
    {{ filled.words }}
{%- endmacro %}


{#- What a driver adds to the log odds of a customer. -#}
{% macro churn_contribution(features) -%}
    {%- set terms = [] -%}
    {%- for feature in features -%}
        {%- do terms.append('model.' ~ feature ~ ' * features.' ~ feature) -%}
    {%- endfor -%}
    {{ terms | join(' + ') }}
{%- endmacro %}


{#- A value of a driver in words, where it is known. -#}
{% macro churn_value_in_words(value, decimals, language) -%}
    {%- set mark, unknown = {'en': ('.', 'not known'), 'de': (',', 'nicht bekannt')}[language] -%}
    coalesce({{ number_in_words('round(known.' ~ value ~ ', ' ~ decimals ~ ')', mark) }}, '{{ unknown }}')
{%- endmacro %}
