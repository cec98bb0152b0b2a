-- Rows of every mart that holds figures of the shop. A mart that is new is not judged; one that is gone has no rows. Of
-- twenty rows, all but one may be chance. Persons who were erased are named: one may have been alone in a segment.
-- Whoever takes a target away, or switches a rule of the playbook off, means it. Where a model is refused in this
-- build, rows of what it predicts are not lost: they are counted by themselves.
with refused as (

    select
        predicting.mart,
        string_agg(refusals.model || ' is refused: ' || refusals.explanation, ' ' order by refusals.model) as refusal
    from refusals
    inner join (
        values
        ('sales_forecast', 'forecast'),
        ('prediction_backtest', 'forecast'),
        ('prediction_parameters', 'bg_nbd'),
        ('prediction_parameters', 'gamma_gamma'),
        ('prediction_parameters', 'churn_logistic')
    ) as predicting (mart, model)
        on refusals.model = predicting.model
    group by predicting.mart

)

select
    earlier.mart,
    earlier.rows as rows_before,
    coalesce(built.rows, 0) as rows,
    case
        when refused.refusal is not null then 1
        when earlier.rows >= 20 or coalesce(built.rows, 0) = 0 then coalesce(built.rows, 0) / nullif(earlier.rows, 0)
        else 1
    end as rows_ratio,
    case
        when refused.refusal is not null then greatest(earlier.rows - coalesce(built.rows, 0), 0)
        else 0
    end as refused_rows,
    coalesce(refused.refusal, '') as refusal,
    case
        when (select count(*) from erased_orders) > 0
            then
                ', and ' || (select count(*) from erased_orders) || ' orders are of persons who were erased since: '
                || 'a segment in which one of them was alone has no rows any more'
        else ''
    end as erased_since
from marts_before as earlier
left join marts as built
    on earlier.mart = built.mart
left join refused
    on earlier.mart = refused.mart
where
    earlier.mart not in (
        'kpi_glossary', 'restatements', 'build', 'builds', 'check_results', 'row_accounting', 'source_accounting',
        'action_messages', 'retention_actions', 'target_attainment'
    )
