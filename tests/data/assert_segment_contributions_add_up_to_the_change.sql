-- Over the values of a dimension the contributions explain the whole change of the overall retained_customer_rate,
-- against the period before and the same one a year before.
with overall as (

    select
        period_grain,
        period_start,
        retained_customer_rate - lag(retained_customer_rate) over periods as change,
        retained_customer_rate - case period_grain
            when 'month' then lag(retained_customer_rate, 12) over periods
            when 'quarter' then lag(retained_customer_rate, 4) over periods
            when 'year' then lag(retained_customer_rate) over periods
        end as change_year_before
    from {{ ref('retention_kpis') }}
    where period_grain <> 'week'
    window periods as (partition by period_grain order by period_start)

),

dimensions as (

    select
        period_grain,
        period_start,
        dimension,
        count(*) as segments,
        count(retained_rate_contribution) as contributions,
        sum(retained_rate_contribution) as contribution,
        count(retained_rate_contribution_year_before) as contributions_year_before,
        sum(retained_rate_contribution_year_before) as contribution_year_before
    from {{ ref('retention_kpis_by_segment') }}
    group by
        period_grain,
        period_start,
        dimension

)

select
    dimensions.*,
    overall.change,
    overall.change_year_before
from dimensions
left join overall
    on
        dimensions.period_grain = overall.period_grain
        and dimensions.period_start = overall.period_start
where
    {% for ending in ['', '_year_before'] %}
        {{ 'or' if not loop.first }}
        (overall.change{{ ending }} is null and dimensions.contributions{{ ending }} <> 0)
        or (overall.change{{ ending }} is not null and dimensions.contributions{{ ending }} <> dimensions.segments)
        or dimensions.contribution{{ ending }} - overall.change{{ ending }} not between -0.000000001 and 0.000000001
    {% endfor %}
