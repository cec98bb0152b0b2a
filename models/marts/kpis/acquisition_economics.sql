{%- set horizons = [3, 6, 12, 24] -%}
with acquisition as (

    select
        *,
        {{ rate('spend', 'new_customers') }} as cac
    from {{ ref('int_acquisition') }}

),

-- What a customer of the month brought so many months later, in cells that are over.
customer_values as (

    select
        cohort_start as cohort_month,
        case
            when dimension = 'all' then 'all' else {{ value_beside_all('dimension_value') }}
        end as acquisition_channel,
        period_number + 1 as months,
        cast({{ var('margin_rate') }} as double) * cumulative_revenue_per_customer as value_per_customer
    from {{ ref('cohort_retention') }}
    where
        cohort_grain = 'month'
        and dimension in ('all', 'acquisition_channel')
        and is_complete

),

with_values as (

    select
        acquisition.cohort_month,
        acquisition.acquisition_channel,
        {% for months in horizons %}
            max(case when customer_values.months = {{ months }} then customer_values.value_per_customer end)
                as value_per_customer_{{ months }}m,
        {% endfor %}
        min(
            case
                when acquisition.cac > 0 and customer_values.value_per_customer >= acquisition.cac
                    then customer_values.months
            end
        ) as payback_months
    from acquisition
    left join customer_values
        on
            acquisition.cohort_month = customer_values.cohort_month
            and acquisition.acquisition_channel = customer_values.acquisition_channel
    group by
        acquisition.cohort_month,
        acquisition.acquisition_channel

)

select
    acquisition.cohort_month,
    acquisition.acquisition_channel,
    acquisition.is_complete,
    acquisition.spend,
    acquisition.retention_spend,
    acquisition.new_customers,
    acquisition.cac,
    {% for months in horizons %}
        with_values.value_per_customer_{{ months }}m,
    {% endfor %}
    {{ rate('with_values.value_per_customer_12m', 'acquisition.cac') }} as ltv_to_cac,
    cast(with_values.payback_months as double) as payback_months
from acquisition
inner join with_values
    on
        acquisition.cohort_month = with_values.cohort_month
        and acquisition.acquisition_channel = with_values.acquisition_channel
