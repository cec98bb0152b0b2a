-- Both effects together are the contribution, and a segment that had nobody has no rate of its own to change.
with segments as (

    select
        *,
        lag(customers_at_start) over (
            partition by period_grain, dimension, dimension_value
            order by period_start
        ) as customers_at_start_before
    from {{ ref('retention_kpis_by_segment') }}

)

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    rate_effect,
    mix_effect,
    retained_rate_contribution
from segments
where
    rate_effect_year_before + mix_effect_year_before - retained_rate_contribution_year_before
    not between -0.000000001 and 0.000000001
    or (dimension = 'all' and mix_effect_year_before not between -0.000000001 and 0.000000001)
    or rate_effect + mix_effect - retained_rate_contribution not between -0.000000001 and 0.000000001
    or (retained_rate_contribution is null and (rate_effect is not null or mix_effect is not null))
    or (retained_rate_contribution is not null and (rate_effect is null or mix_effect is null))
    or ((customers_at_start = 0 or customers_at_start_before = 0) and rate_effect <> 0)
    -- Everybody together is always the same share, 1: no mix.
    or (dimension = 'all' and mix_effect not between -0.000000001 and 0.000000001)
