{#- Of the cells that are said to differ, at most this share may do so by chance. -#}
{%- set false_discovery_rate = 0.05 -%}
{%- set sixth = 1 / 6 -%}
with cells as (

    select
        cells.cohort_grain,
        cells.cohort_start,
        cells.dimension,
        cells.dimension_value,
        cells.period_number,
        cells.cohort_customers,
        cells.active_customers,
        cells.retention_rate,
        pooled.retention_rate as pooled_rate,
        cast(cells.active_customers as double) as active,
        cast(cells.cohort_customers as double) as in_cohort,
        cast(pooled.eligible_customers - cells.cohort_customers as double) as in_others,
        cast(pooled.active_customers as double) as all_active,
        cast(pooled.eligible_customers - pooled.active_customers as double) as all_inactive,
        cast(pooled.eligible_customers as double) as everybody,
        case when cells.retention_rate < pooled.retention_rate then 1 else -1 end as towards_pooled
    from {{ ref('cohort_retention') }} as cells
    inner join {{ ref('retention_curve') }} as pooled
        on
            cells.cohort_grain = pooled.cohort_grain
            and cells.dimension = pooled.dimension
            and cells.dimension_value = pooled.dimension_value
            and cells.period_number = pooled.period_number
    where cells.is_complete and cells.period_number > 0

),

-- The cohort and the others, active or not, where there are others and neither nobody nor everybody was active. Half a
-- customer nearer to the pooled rate: customers come whole, and the normal distribution does not.
tables as (

    select
        *,
        case
            when in_others > 0 and all_active > 0 and all_inactive > 0
                then active + towards_pooled / 2e0
        end as own_active
    from cells

),

filled as (

    select
        *,
        in_cohort - own_active as own_inactive,
        all_active - own_active as others_active,
        in_others - all_active + own_active as others_inactive
    from tables

),

-- How likely so few or so many are active, if the cohort were drawn from everybody at random, is hypergeometric.
-- Peizer's approximation makes of it the deviate of a normal distribution (Ling and Pratt, 1984).
deviates as (

    select
        *,
        2 * (
            own_active * ln(own_active * everybody / (in_cohort * all_active))
            + own_inactive * ln(own_inactive * everybody / (in_cohort * all_inactive))
            + others_active * ln(others_active * everybody / (in_others * all_active))
            + others_inactive * ln(others_inactive * everybody / (in_others * all_inactive))
        ) * (1 - {{ sixth }} / everybody)
        / (1 + {{ sixth }} / in_cohort) / (1 + {{ sixth }} / in_others)
        / (1 + {{ sixth }} / all_active) / (1 + {{ sixth }} / all_inactive) as deviance,
        own_inactive * others_active - own_active * others_inactive as determinant,
        own_active + {{ sixth }} + 0.02 / (own_active + 0.5) + 0.01 / (in_cohort + 1) + 0.01 / (all_active + 1)
            as shifted_own_active,
        own_inactive + {{ sixth }} + 0.02 / (own_inactive + 0.5) + 0.01 / (in_cohort + 1) + 0.01 / (all_inactive + 1)
            as shifted_own_inactive,
        others_active + {{ sixth }} + 0.02 / (others_active + 0.5) + 0.01 / (in_others + 1) + 0.01 / (all_active + 1)
            as shifted_others_active,
        others_inactive + {{ sixth }} + 0.02 / (others_inactive + 0.5) + 0.01 / (in_others + 1)
        + 0.01 / (all_inactive + 1) as shifted_others_inactive
    from filled

),

signed as (

    select
        *,
        towards_pooled
        * (shifted_own_inactive * shifted_others_active - shifted_own_active * shifted_others_inactive)
        / nullif(abs(determinant), 0) * sqrt(greatest(deviance, 0)) as z
    from deviates

),

tested as (

    select
        *,
        case
            when own_active is null then null
            when z > 0 then least(2 * {{ normal_tail('z') }}, 1)
            else 1
        end as p_value
    from signed

),

-- Benjamini and Hochberg (1995): the p-value against its rank among all cells of the grain and dimension.
ranked as (

    select
        *,
        {{ p_value_for_rank('partition by cohort_grain, dimension') }} as p_value_for_rank
    from tested

),

corrected as (

    select
        *,
        {{ q_value('partition by cohort_grain, dimension') | indent(8) }} as q_value
    from ranked

)

select
    cohort_grain,
    cohort_start,
    dimension,
    dimension_value,
    period_number,
    cohort_customers,
    active_customers,
    retention_rate,
    pooled_rate,
    retention_rate - pooled_rate as difference_from_pooled,
    cast(p_value as double) as p_value,
    cast(q_value as double) as q_value,
    q_value <= {{ false_discovery_rate }} as differs_from_pooled
from corrected
