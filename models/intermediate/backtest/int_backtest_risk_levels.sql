-- Looks of the same risk are one row: all that follows is counted on these.
with counted as (

    select
        month_end,
        predictor,
        risk,
        count(*) as looks,
        count(case when has_ordered_again then 1 end) as ordered,
        count(case when not has_ordered_again then 1 end) as gone
    from {{ ref('int_backtest_risks') }}
    group by
        month_end,
        predictor,
        risk

),

ranked as (

    select
        *,
        (sum(looks) over so_far) - looks as riskier_looks,
        (sum(ordered) over so_far) - ordered as riskier_ordered,
        (sum(gone) over so_far) - gone as riskier_gone,
        sum(looks) over (partition by month_end, predictor) as all_looks,
        sum(ordered) over (partition by month_end, predictor) as all_ordered,
        sum(gone) over (partition by month_end, predictor) as all_gone
    from counted
    window so_far as (partition by month_end, predictor order by risk desc)

),

-- Of how many of the other kind one of this risk is told apart rightly; one of equal risk counts half.
placed as (

    select
        month_end,
        predictor,
        risk,
        gone,
        all_gone,
        all_ordered,
        gone * (2 * (all_ordered - riskier_ordered) - ordered) as half_pairs_in_order,
        1 + cast(floor(10 * {{ rate('riskier_looks', 'all_looks') }}) as int) as decile,
        {{ rate('all_ordered - riskier_ordered - ordered / 2e0', 'all_ordered') }} as share_of_ordered_below,
        {{ rate('riskier_gone + gone / 2e0', 'all_gone') }} as share_of_gone_above
    from ranked

)

select
    month_end,
    predictor,
    risk,
    decile,
    cast(gone as bigint) as gone,
    cast(all_gone as bigint) as all_gone,
    cast(all_ordered as bigint) as all_ordered,
    share_of_ordered_below,
    share_of_gone_above,
    {{ rate('sum(half_pairs_in_order) over (partition by month_end, predictor)', '2 * all_gone * all_ordered') }} as auc
from placed
