with actions as (

    select
        actions.rule_id,
        actions.customer_id,
        actions.taken_at,
        actions.taken_date,
        actions.arm,
        actions.variant,
        as_of.as_of_date,
        coalesce(rules.success_window_days, {{ window_of_other_rules() }}) as success_window_days,
        lag(actions.taken_date) over (
            partition by actions.customer_id, actions.rule_id
            order by actions.taken_at
        ) as taken_before
    from {{ ref('int_playbook_history') }} as actions
    cross join {{ ref('int_as_of') }} as as_of
    left join {{ ref('int_playbook_rules') }} as rules
        on actions.rule_id = rules.rule_id

),

-- One that comes while the window of the one before is still open tells nothing of its own.
trials as (

    select
        *,
        {{ add_days('taken_date', 'success_window_days') }} as observed_on,
        {{ add_days('taken_date', 'success_window_days') }} <= as_of_date as is_observed
    from actions
    where
        taken_before is null
        or {{ add_days('taken_before', 'success_window_days') }} <= taken_date

),

successes as (

    select
        trials.rule_id,
        trials.customer_id,
        trials.taken_at,
        orders.net_amount,
        row_number() over (
            partition by trials.rule_id, trials.customer_id, trials.taken_at
            order by orders.ordered_at, orders.order_id
        ) as order_rank
    from trials
    inner join {{ ref('int_order_sequence') }} as orders
        on
            trials.customer_id = orders.customer_id
            and trials.taken_at < orders.ordered_at
            and trials.observed_on >= orders.order_date
    where trials.is_observed

)

select
    trials.rule_id,
    trials.customer_id,
    trials.taken_at,
    trials.taken_date,
    trials.arm,
    trials.variant,
    trials.success_window_days,
    trials.is_observed,
    successes.net_amount as success_amount
from trials
left join successes
    on
        trials.rule_id = successes.rule_id
        and trials.customer_id = successes.customer_id
        and trials.taken_at = successes.taken_at
        and successes.order_rank = 1
