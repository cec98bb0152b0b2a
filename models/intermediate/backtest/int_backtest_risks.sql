-- A look is one customer at one month end. Both predictors are asked of the same looks.
with looks as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        subjects.recency_days,
        subjects.has_ordered_again,
        scores.health_score,
        scores.health_band
    from {{ ref('int_backtest_subjects') }} as subjects
    inner join {{ ref('int_backtest_scores') }} as scores
        on
            subjects.customer_id = scores.customer_id
            and subjects.as_of_date = scores.as_of_date
    where scores.health_score is not null

),

-- The larger the risk, the less likely an order is said to be.
risks as (

    select
        customer_id,
        as_of_date,
        has_ordered_again,
        'score' as predictor,
        health_band,
        -health_score as risk
    from looks
    union all
    select
        customer_id,
        as_of_date,
        has_ordered_again,
        'recency' as predictor,
        cast(null as {{ dbt.type_string() }}) as health_band,
        cast(recency_days as double) as risk
    from looks

),

once_and_in_all as (
    {{ whole_numbers(1, digits=1) | indent(4) }}
)

select
    risks.customer_id,
    case
        when once_and_in_all.number = 0 then cast(risks.as_of_date as {{ dbt.type_string() }})
        else 'all'
    end as month_end,
    risks.as_of_date,
    risks.predictor,
    risks.risk,
    risks.health_band,
    risks.has_ordered_again
from risks
cross join once_and_in_all
