-- Over the values of a dimension the contributions explain the whole change of the overall retained_customer_rate.
with overall as (

    select
        period_grain,
        period_start,
        retained_customer_rate
        - lag(retained_customer_rate) over (partition by period_grain order by period_start) as change
    from {{ ref('retention_kpis') }}
    where period_grain <> 'week'

),

dimensions as (

    select
        period_grain,
        period_start,
        dimension,
        count(*) as segments,
        count(retained_rate_contribution) as contributions,
        sum(retained_rate_contribution) as contribution
    from {{ ref('retention_kpis_by_segment') }}
    group by
        period_grain,
        period_start,
        dimension

)

select
    dimensions.*,
    overall.change
from dimensions
left join overall
    on
        dimensions.period_grain = overall.period_grain
        and dimensions.period_start = overall.period_start
where
    (overall.change is null and dimensions.contributions <> 0)
    or (overall.change is not null and dimensions.contributions <> dimensions.segments)
    or dimensions.contribution - overall.change not between -0.000000001 and 0.000000001
