-- The value of a year rests on both models of buyers.
with parts as (

    {{ table_of_texts(['model', 'part'], [
        ['bg_nbd', 'bg_nbd'], ['gamma_gamma', 'gamma_gamma'], ['clv', 'bg_nbd'], ['clv', 'gamma_gamma'],
        ['churn_logistic', 'churn_logistic'],
    ]) | indent(4) }}

),

fitted as (

    select distinct model
    from {{ ref('prediction_parameters') }}

),

refused as (

    select
        model,
        explanation
    from {{ source('predictions', 'refusals') }}
    where build_id = '{{ build_id() }}'

),

models as (

    select
        parts.model,
        count(fitted.model) = count(*) as is_fitted,
        min(refused.explanation) as refusal
    from parts
    left join fitted
        on parts.part = fitted.model
    left join refused
        on parts.part = refused.model
    group by parts.model

),

decisive as (

    select
        *,
        row_number() over (partition by model order by as_of_date desc) as latest
    from {{ ref('prediction_backtest') }}
    where
        decides
        and gain is not null

),

verdicts as (

    select
        models.model,
        models.refusal,
        decisive.as_of_date,
        decisive.measure,
        decisive.expected as model_error,
        decisive.rival as rival_error,
        decisive.gain as model_gain,
        decisive.gain_low as model_gain_low,
        decisive.gain_high as model_gain_high,
        decisive.customers as judged_customers,
        case
            when models.refusal is not null then 'refused'
            when not models.is_fitted then 'not_predicted'
            when decisive.model is null then 'not_judged'
            when decisive.gain_low > 0 then 'better'
            when decisive.gain_high < 0 then 'rival_better'
            else 'no_difference'
        end as why
    from models
    left join decisive
        on
            models.model = decisive.model
            and decisive.latest = 1

)

select
    model,
    why,
    refusal,
    as_of_date,
    measure,
    model_error,
    rival_error,
    model_gain,
    model_gain_low,
    model_gain_high,
    judged_customers,
    why = 'better' as is_used
from verdicts
