-- CUPED (Deng, Xu, Kohavi and Walker, 2013): who bought much before buys much after, in both arms. What the year before
-- explains of it is no effect of the action, and is taken out with the slope of a common line through both arms.
with arms as (

    select
        rule_id,
        arm,
        count(*) as actions,
        {{ rate('sum(revenue_before)', 'count(*)') }} as mean_before,
        {{ rate('sum(revenue_after)', 'count(*)') }} as mean_after
    from {{ ref('int_playbook_values') }}
    group by
        rule_id,
        arm

),

deviations as (

    select
        arms.rule_id,
        arms.arm,
        cast(trials.revenue_before as double) - arms.mean_before as of_before,
        cast(trials.revenue_after as double) - arms.mean_after as of_after
    from {{ ref('int_playbook_values') }} as trials
    inner join arms
        on
            trials.rule_id = arms.rule_id
            and trials.arm = arms.arm

),

sums as (

    select
        rule_id,
        arm,
        {{ sum_in_any_order('of_before * of_before') }} as before_squared,
        {{ sum_in_any_order('of_after * of_after') }} as after_squared,
        {{ sum_in_any_order('of_before * of_after') }} as before_by_after
    from deviations
    group by
        rule_id,
        arm

),

slopes as (

    select
        rule_id,
        coalesce({{ rate('sum(before_by_after)', 'sum(before_squared)') }}, 0) as slope
    from sums
    group by rule_id

),

sides as (

    select
        arms.rule_id,
        arms.arm,
        slopes.slope,
        arms.mean_after,
        arms.mean_after - slopes.slope * arms.mean_before as mean_adjusted,
        case when arms.actions > 1 then sums.after_squared / (arms.actions - 1) / arms.actions end as error_squared,
        case
            when arms.actions > 1
                then greatest(
                    sums.after_squared - 2 * slopes.slope * sums.before_by_after
                    + slopes.slope * slopes.slope * sums.before_squared,
                    0
                ) / (arms.actions - 1) / arms.actions
        end as adjusted_error_squared
    from arms
    inner join sums
        on
            arms.rule_id = sums.rule_id
            and arms.arm = sums.arm
    inner join slopes
        on arms.rule_id = slopes.rule_id

)

select
    treated.rule_id,
    treated.mean_after - control.mean_after as revenue_uplift,
    treated.mean_adjusted - control.mean_adjusted as adjusted_revenue_uplift,
    sqrt(treated.adjusted_error_squared + control.adjusted_error_squared) as adjusted_error,
    1 - (treated.adjusted_error_squared + control.adjusted_error_squared)
    / nullif(treated.error_squared + control.error_squared, 0) as variance_saved
from sides as treated
inner join sides as control
    on
        treated.rule_id = control.rule_id
        and treated.arm = 'treatment'
        and control.arm = 'control'
