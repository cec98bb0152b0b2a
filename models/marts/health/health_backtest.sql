with areas as (

    select distinct
        month_end,
        predictor,
        auc
    from {{ ref('int_backtest_risk_levels') }}

),

-- How much each look moves the AUC away from what the others say (DeLong, 1988).
judged as (

    select
        risks.month_end,
        risks.predictor,
        risks.customer_id,
        risks.health_band,
        risks.has_ordered_again,
        levels.decile,
        case
            when risks.has_ordered_again
                then {{ rate('levels.share_of_gone_above - levels.auc', 'levels.all_ordered') }}
            else {{ rate('levels.share_of_ordered_below - levels.auc', 'levels.all_gone') }}
        end as pull
    from {{ ref('int_backtest_risks') }} as risks
    inner join {{ ref('int_backtest_risk_levels') }} as levels
        on
            risks.month_end = levels.month_end
            and risks.predictor = levels.predictor
            and risks.risk = levels.risk

),

-- Looks at the same customer are no independent ones: they pull as one (Obuchowski, 1997).
customers as (

    select
        month_end,
        customer_id,
        sum(case when predictor = 'score' then pull end) as pull_of_score,
        sum(case when predictor = 'recency' then pull end) as pull_of_recency,
        max(case when has_ordered_again then 1 else 0 end) as has_ordered,
        max(case when has_ordered_again then 0 else 1 end) as has_gone
    from judged
    group by
        month_end,
        customer_id

),

deviations as (

    select
        month_end,
        {{ deviation_of_pulls('pull_of_score') }} as of_score,
        {{ deviation_of_pulls('pull_of_recency') }} as of_recency,
        {{ deviation_of_pulls('(pull_of_score - pull_of_recency)') }} as of_difference,
        sum(has_ordered) >= {{ least_customers_to_judge() }} and sum(has_gone) >= {{ least_customers_to_judge() }} as has_enough
    from customers
    group by month_end

),

buckets as (

    select
        month_end,
        predictor,
        'all' as grouped_by,
        'all' as bucket,
        customer_id,
        has_ordered_again
    from judged
    union all
    select
        month_end,
        predictor,
        'band' as grouped_by,
        health_band as bucket,
        customer_id,
        has_ordered_again
    from judged
    where health_band is not null
    union all
    select
        month_end,
        predictor,
        'decile' as grouped_by,
        cast(decile as {{ dbt.type_string() }}) as bucket,
        customer_id,
        has_ordered_again
    from judged

),

counted as (

    select
        month_end,
        predictor,
        grouped_by,
        bucket,
        count(*) as looks,
        count(distinct customer_id) as customers_looked_at,
        count(case when not has_ordered_again then 1 end) as looks_without_order
    from buckets
    group by
        month_end,
        predictor,
        grouped_by,
        bucket

),

-- Every month end has its rows, also one at which nobody could be looked at.
whole as (

    select cast(month_end as {{ dbt.type_string() }}) as month_end
    from {{ ref('int_backtest_month_ends') }}
    union all
    select 'all' as month_end
    from {{ ref('int_backtest_month_ends') }}
    group by 1

),

predictors as (

    {{ table_of_texts(['predictor'], [['score'], ['recency']]) | indent(4) }}

),

all_rows as (

    select
        month_end,
        predictor,
        grouped_by,
        bucket,
        looks,
        customers_looked_at,
        looks_without_order
    from counted
    union all
    select
        whole.month_end,
        predictors.predictor,
        'all' as grouped_by,
        'all' as bucket,
        0 as looks,
        0 as customers_looked_at,
        0 as looks_without_order
    from whole
    cross join predictors
    left join areas
        on
            whole.month_end = areas.month_end
            and predictors.predictor = areas.predictor
    where areas.month_end is null

),

measured as (

    select
        all_rows.*,
        -- As if every customer had been looked at once: more looks at the same customers tell less than as many customers.
        {{ rate('all_rows.looks_without_order * all_rows.customers_looked_at', 'all_rows.looks') }} as customers_without_order,
        case when all_rows.grouped_by = 'all' then areas.auc end as auc,
        case
            when all_rows.grouped_by = 'all' and all_rows.predictor = 'score' then deviations.of_score
            when all_rows.grouped_by = 'all' then deviations.of_recency
        end as deviation,
        case when all_rows.grouped_by = 'all' and all_rows.predictor = 'score' then areas.auc - recency.auc end as difference,
        deviations.of_difference,
        deviations.has_enough
    from all_rows
    left join areas
        on
            all_rows.month_end = areas.month_end
            and all_rows.predictor = areas.predictor
    left join areas as recency
        on
            all_rows.month_end = recency.month_end
            and recency.predictor = 'recency'
    left join deviations
        on all_rows.month_end = deviations.month_end

)

select
    month_end,
    predictor,
    grouped_by,
    bucket,
    cast(looks as bigint) as looks,
    cast(customers_looked_at as bigint) as customers_looked_at,
    cast(looks_without_order as bigint) as looks_without_order,
    {{ rate('looks_without_order', 'looks') }} as no_order_rate,
    {{ wilson_low('customers_without_order', 'customers_looked_at') }} as no_order_rate_low,
    {{ wilson_high('customers_without_order', 'customers_looked_at') }} as no_order_rate_high,
    auc,
    case when deviation is not null then greatest(auc - {{ confidence_z() }} * deviation, 0) end as auc_low,
    case when deviation is not null then least(auc + {{ confidence_z() }} * deviation, 1) end as auc_high,
    difference as auc_difference,
    difference - {{ confidence_z() }} * of_difference as auc_difference_low,
    difference + {{ confidence_z() }} * of_difference as auc_difference_high,
    case when has_enough then difference - {{ confidence_z() }} * of_difference > 0 end as is_better_than_recency
from measured
