-- Every segment has a row for every period, zero rows included: a running comparison never skips one.
with periods as (

    select
        period_grain,
        count(*) as periods
    from {{ ref('retention_kpis') }}
    where period_grain <> 'week'
    group by period_grain

),

segments as (

    select
        period_grain,
        dimension,
        dimension_value,
        count(*) as periods
    from {{ ref('retention_kpis_by_segment') }}
    group by
        period_grain,
        dimension,
        dimension_value

)

select
    segments.*,
    periods.periods as expected_periods
from segments
left join periods
    on segments.period_grain = periods.period_grain
where
    periods.periods is null
    or segments.periods <> periods.periods
