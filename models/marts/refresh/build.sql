{{ config(materialized='view', meta={'phase': 'after_the_gate'}) }}

with refresh as (

    select
        build_id,
        build_number,
        shop,
        settings,
        settings_hash,
        raw_fingerprint,
        baseline_build_id,
        accepted_reason,
        checks,
        warnings,
        failures
    from {{ source('quality', 'builds') }}
    where build_id = '{{ build_id() }}'

),

order_totals as (

    select
        cast(count(*) as bigint) as orders,
        cast(count(case when customer_id is null then 1 end) as bigint) as unattributed_orders,
        cast(coalesce(sum(net_amount), 0) as decimal(28, 2)) as net_revenue
    from {{ ref('orders') }}

),

customer_totals as (

    select cast(count(*) as bigint) as customers
    from {{ ref('customers') }}

),

refused_models as (

    select
        model,
        model || ': ' || explanation as sentence
    from {{ source('predictions', 'refusals') }}
    where build_id = '{{ build_id() }}'

),

refusals as (

    select
        nullif(
            substring(
                coalesce(max(case when model = 'bg_nbd' then ' ' || sentence end), '')
                || coalesce(max(case when model = 'gamma_gamma' then ' ' || sentence end), '')
                || coalesce(max(case when model = 'churn_logistic' then ' ' || sentence end), '')
                || coalesce(max(case when model = 'forecast' then ' ' || sentence end), ''),
                2
            ), ''
        ) as refusal
    from refused_models

),

raw_totals as (

    select cast(coalesce(sum(rows), 0) as bigint) as raw_order_rows
    from {{ ref('row_accounting') }}
    where entity = 'orders'

)

select
    '{{ build_id() }}' as build_id,
    refresh.build_number,
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
    '{{ engine() }}' as engine,
    as_of.as_of_date,
    as_of.first_order_date,
    as_of.reporting_currency,
    '{{ var("reporting_timezone") }}' as reporting_timezone,
    refresh.shop,
    refresh.settings,
    refresh.settings_hash,
    refresh.raw_fingerprint,
    refresh.baseline_build_id,
    refresh.accepted_reason,
    raw_totals.raw_order_rows,
    order_totals.orders,
    order_totals.unattributed_orders,
    customer_totals.customers,
    order_totals.net_revenue,
    refresh.checks,
    refresh.warnings,
    refresh.failures,
    refusals.refusal
from {{ ref('int_as_of') }} as as_of
cross join order_totals
cross join customer_totals
cross join raw_totals
cross join refusals
left join refresh on refresh.build_id = '{{ build_id() }}'
