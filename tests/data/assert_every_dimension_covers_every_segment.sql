-- A dimension that exists has a value for each segment: its values divide the customers without rest.
with segments as (

    select count(distinct segment_id) as segments
    from {{ ref('int_customers') }}

),

dimensions as (

    select
        dimension,
        count(*) as segments
    from {{ ref('int_segments') }}
    group by dimension

)

select
    dimensions.dimension,
    dimensions.segments as segments_of_dimension,
    segments.segments
from segments
left join dimensions
    on segments.segments > 0
where
    segments.segments > 0
    and coalesce(dimensions.segments, 0) <> segments.segments
