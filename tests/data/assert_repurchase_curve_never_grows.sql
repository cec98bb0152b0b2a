-- Day by day, without a gap, fewer spells are at risk (those that ended are gone) and survival does not rise.
with days as (

    select
        *,
        lag(day) over order_numbers as day_before,
        lag(at_risk) over order_numbers as at_risk_before,
        lag(repurchased) over order_numbers as repurchased_before,
        lag(survival) over order_numbers as survival_before
    from {{ ref('repurchase_curve') }}
    window order_numbers as (partition by from_order_number order by day)

)

select
    from_order_number,
    day,
    at_risk,
    survival
from days
where
    day <> coalesce(day_before + 1, 0)
    or at_risk > at_risk_before - repurchased_before
    or survival > survival_before + 0.000000001
    or survival + repurchase_probability not between 0.999999999 and 1.000000001
