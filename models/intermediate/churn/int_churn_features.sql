{%- set subjects %}
(
    select
        customers.customer_id,
        as_of.as_of_date
    from {{ ref('int_customers') }} as customers
    cross join {{ ref('int_as_of') }} as as_of
    where {{ lapse_date('customers.last_order_date') }} > as_of.as_of_date
)
{%- endset %}
{{ churn_values(subjects, ref('int_health_scores')) }}
