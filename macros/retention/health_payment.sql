{#- Payments that failed in 90 days. Null where the shop never notes them, and for who had nothing to pay by contract in those
    days and no failure in a year. -#}
{% macro health_payment(subjects) -%}
with failures as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        count(case when activities.activity_date > {{ add_days('subjects.as_of_date', -90) }} then 1 end) as failures
    from {{ subjects }} as subjects
    inner join {{ ref('int_activities') }} as activities
        on
        {{ within_days('activities', 'activity_date', 365) }}
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'payment_failed'
    group by
        subjects.customer_id,
        subjects.as_of_date

),

payers as (

    select distinct
        subjects.customer_id,
        subjects.as_of_date
    from {{ subjects }} as subjects
    inner join {{ ref('int_subscriptions') }} as subscriptions
        on
            subjects.customer_id = subscriptions.customer_id
            and subscriptions.start_date <= subjects.as_of_date
            and (
                subscriptions.end_date is null
                or subscriptions.end_date > {{ add_days('subjects.as_of_date', -90) }}
            )
    where
        {{ takes_part('subscriptions') }}
        and subscriptions.converted_monthly_amount > 0

),

observed_days as (

    {{ days_with_signal(subjects, "first_activities.activity_type = 'payment_failed'") | indent(4) }}

)

select
    subjects.customer_id,
    subjects.as_of_date,
    case
        when coalesce(failures.failures, 0) = 0 then limits.payment_failed_0
        when failures.failures = 1 then limits.payment_failed_1
        else limits.payment_failed_more
    end as health_payment
from {{ subjects }} as subjects
inner join observed_days
    on subjects.as_of_date = observed_days.as_of_date
cross join {{ ref('int_health_limits') }} as limits
left join failures
    on
        subjects.customer_id = failures.customer_id
        and subjects.as_of_date = failures.as_of_date
left join payers
    on
        subjects.customer_id = payers.customer_id
        and subjects.as_of_date = payers.as_of_date
where
    failures.customer_id is not null
    or payers.customer_id is not null
{%- endmacro %}
