-- What the customer of each trial bought in the year up to the action, and then within its window.
with trials as (

    select
        rule_id,
        customer_id,
        taken_at,
        taken_date,
        arm,
        {{ add_days('taken_date', 'success_window_days') }} as observed_on
    from {{ ref('int_playbook_trials') }}
    where is_observed

)

select
    trials.rule_id,
    trials.customer_id,
    trials.taken_at,
    trials.arm,
    cast(
        coalesce(sum(case when orders.ordered_at <= trials.taken_at then orders.net_amount end), 0) as decimal(28, 2)
    ) as revenue_before,
    cast(
        coalesce(sum(case when orders.ordered_at > trials.taken_at then orders.net_amount end), 0) as decimal(28, 2)
    ) as revenue_after
from trials
left join {{ ref('int_order_sequence') }} as orders
    on
        trials.customer_id = orders.customer_id
        and orders.order_date > {{ add_days('trials.taken_date', -365) }}
        and trials.observed_on >= orders.order_date
group by
    trials.rule_id,
    trials.customer_id,
    trials.taken_at,
    trials.arm
