with models as (

    {{ table_of_texts(['model'], [['bg_nbd'], ['gamma_gamma'], ['clv'], ['churn_logistic']]) | indent(4) }}

),

decisive as (

    select
        model,
        as_of_date,
        gain_low,
        gain_high,
        row_number() over (partition by model order by as_of_date desc) as latest
    from {{ source('predictions', 'backtest') }}
    where
        build_id = '{{ build_id() }}'
        and decides
        and gain is not null

)

select
    models.model,
    decisive.as_of_date,
    coalesce(decisive.gain_low > 0, false) as is_better,
    case
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
