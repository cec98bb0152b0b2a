{{ config(materialized='view', meta={'phase': 'after_the_gate'}) }}

{%- set columns = [
    'as_of_date', 'shop', 'settings_hash', 'baseline_build_id', 'accepted_reason', 'raw_order_rows', 'orders', 'customers',
    'net_revenue', 'checks', 'warnings', 'failures',
] -%}
with this_refresh as (

    select
        build_id,
        shop,
        rebuilt_for
    from {{ source('quality', 'builds') }}
    where build_id = '{{ build_id() }}'

),

-- Of another shop that had this warehouse before, nothing is told to the readers of this one.
refreshes_of_the_shop as (

    select refreshes.*
    from {{ source('quality', 'builds') }} as refreshes
    inner join this_refresh on refreshes.shop = this_refresh.shop

),

earlier_builds as (

    select
        build_id,
        build_number,
        started_at as built_at,
        outcome,
        reason,
        {{ columns | join(',\n        ') }},
        false as is_this_build
    from refreshes_of_the_shop
    where outcome <> 'running' and build_id <> '{{ build_id() }}'

),

this_build as (

    select
        build.build_id,
        build.build_number,
        build.built_at,
        case when this_refresh.rebuilt_for is null then 'published' else 'rebuilt' end as outcome,
        cast(null as {{ dbt.type_string() }}) as reason,
        build.{{ columns | join(',\n        build.') }},
        true as is_this_build
    from {{ ref('build') }} as build
    left join this_refresh
        on build.build_id = this_refresh.build_id

)

select * from earlier_builds
union all
select * from this_build
