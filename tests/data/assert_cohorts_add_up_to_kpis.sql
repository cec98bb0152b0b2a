-- Every order of a known customer belongs to one cohort: over the cohorts a period has its orders and purchasers.
{%- set measures = [
    ('orders', 'orders'), ('net_revenue', 'net_revenue'), ('active_customers', 'purchasing_customers'),
    ('new_customers', 'new_customers'),
] %}
with cohorts as (

    select
        cohort_grain,
        period_start,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(active_customers) as active_customers,
        sum(case when period_number = 0 then cohort_customers else 0 end) as new_customers
    from {{ ref('cohort_retention') }}
    where dimension = 'all'
    group by
        cohort_grain,
        period_start

),

kpis as (

    select *
    from {{ ref('retention_kpis') }}
    where period_grain <> 'year'

)

select
    {% for of_cohorts, of_kpis in measures %}
        cohorts.{{ of_cohorts }} as {{ of_cohorts }}_of_cohorts,
        kpis.{{ of_kpis }} as {{ of_kpis }}_of_kpis,
    {% endfor %}
    coalesce(cohorts.cohort_grain, kpis.period_grain) as period_grain,
    coalesce(cohorts.period_start, kpis.period_start) as period_start
from cohorts
full outer join kpis
    on
        cohorts.cohort_grain = kpis.period_grain
        and cohorts.period_start = kpis.period_start
where
    kpis.period_grain is null
    {% for of_cohorts, of_kpis in measures %}
        or coalesce(cohorts.{{ of_cohorts }}, 0) <> kpis.{{ of_kpis }}
    {% endfor %}
