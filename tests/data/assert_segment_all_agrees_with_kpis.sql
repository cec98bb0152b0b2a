-- The segment that holds everybody shows what retention_kpis shows, though counted another way.
{%- set measures = [
    'customers_at_start', 'customers_at_end', 'new_customers', 'new_customers_lost', 'retained_customers',
    'churned_customers', 'reactivated_customers',
] %}
{%- set rates = ['customer_retention_rate', 'retained_customer_rate', 'customer_churn_rate'] %}
with everybody as (

    select *
    from {{ ref('retention_kpis_by_segment') }}
    where dimension = 'all'

),

kpis as (

    select *
    from {{ ref('retention_kpis') }}
    where
        period_grain <> 'week'
        -- Without a single customer there are no segments, not even that of everybody.
        and exists (select 1 from {{ ref('customers') }})

)

select
    coalesce(kpis.period_grain, everybody.period_grain) as period_grain,
    coalesce(kpis.period_start, everybody.period_start) as period_start
from kpis
full outer join everybody
    on
        kpis.period_grain = everybody.period_grain
        and kpis.period_start = everybody.period_start
where
    kpis.period_grain is null
    or everybody.period_grain is null
    or kpis.period_end <> everybody.period_end
    or kpis.is_complete <> everybody.is_complete
    or kpis.is_left_censored <> everybody.is_left_censored
    {%- for measure in measures %}
        or kpis.{{ measure }} <> everybody.{{ measure }}
    {%- endfor %}
    {%- for rate in rates %}
        or coalesce(kpis.{{ rate }}, -99) <> coalesce(everybody.{{ rate }}, -99)
    {%- endfor %}
