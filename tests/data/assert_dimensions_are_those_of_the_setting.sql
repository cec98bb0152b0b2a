-- Nothing is broken down by anything but what segment_dimensions names, and `all`.
with dimensions as (

    select
        'int_segments' as built_model,
        dimension
    from {{ ref('int_segments') }}
    union all
    select
        'cohort_retention' as built_model,
        dimension
    from {{ ref('cohort_retention') }}
    union all
    select
        'retention_curve' as built_model,
        dimension
    from {{ ref('retention_curve') }}
    union all
    select
        'retention_kpis_by_segment' as built_model,
        dimension
    from {{ ref('retention_kpis_by_segment') }}

)

select
    built_model,
    dimension,
    count(*) as number_of_rows
from dimensions
where dimension not in ({{ literals(['all'] + segment_dimensions()) }})
group by
    built_model,
    dimension
