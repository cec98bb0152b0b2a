{{ config(materialized='view', meta={'phase': 'after_the_gate'}) }}

select
    suite,
    check_name,
    severity,
    outcome,
    observed,
    expected,
    explanation,
    rows_judged,
    judged_at,
    build_id
from {{ source('quality', 'validation_results') }}
where build_id = '{{ build_id() }}'
