{%- set counts = [] -%}
{%- for side, arm in [('treated', 'treatment'), ('control', 'control')] -%}
    {%- set in_arm = "count(case when trials.arm = '" ~ arm ~ "' then " -%}
    {%- do counts.append(in_arm ~ '1 end) as ' ~ side) -%}
    {%- do counts.append(in_arm ~ 'contacted.customer_id end) as ' ~ side ~ '_contacted') -%}
    {%- do counts.append(in_arm ~ 'overlapping.customer_id end) as ' ~ side ~ '_overlapping') -%}
{%- endfor -%}
-- The message of the action itself carries the name of its rule or template.
with trials as (

    select
        trials.rule_id,
        trials.customer_id,
        trials.taken_at,
        trials.taken_date,
        trials.arm,
        rules.template_id,
        {{ add_days('trials.taken_date', 'trials.success_window_days') }} as observed_on
    from {{ ref('int_playbook_trials') }} as trials
    left join {{ ref('int_playbook_rules') }} as rules
        on trials.rule_id = rules.rule_id
    where trials.is_observed

),

contacted as (

    select
        trials.rule_id,
        trials.customer_id,
        trials.taken_at
    from trials
    inner join {{ ref('int_activities') }} as messages
        on
            trials.customer_id = messages.customer_id
            and trials.taken_at < messages.occurred_at
            and trials.observed_on >= messages.activity_date
    where
        {{ takes_part('messages') }}
        and messages.activity_type in ({{ literals(activity_types_of_messages()) }})
        and coalesce({{ lower_case('messages.detail') }} <> {{ lower_case('trials.rule_id') }}, true)
        and coalesce({{ lower_case('messages.detail') }} <> {{ lower_case('trials.template_id') }}, true)
    group by
        trials.rule_id,
        trials.customer_id,
        trials.taken_at

),

overlapping as (

    select
        trials.rule_id,
        trials.customer_id,
        trials.taken_at
    from trials
    inner join {{ ref('int_playbook_history') }} as other_actions
        on
            trials.customer_id = other_actions.customer_id
            and trials.rule_id <> other_actions.rule_id
    left join {{ ref('int_playbook_rules') }} as rules
        on other_actions.rule_id = rules.rule_id
    where
        coalesce({{ is_experiment('rules') }}, true)
        and other_actions.taken_date < trials.observed_on
        and trials.taken_date < {{ add_days(
            'other_actions.taken_date', 'coalesce(rules.success_window_days, ' ~ window_of_other_rules() ~ ')'
        ) }}
    group by
        trials.rule_id,
        trials.customer_id,
        trials.taken_at

),

signals as (

    select count(*) > 0 as has_messages
    from {{ ref('int_first_activities') }} as first_activities
    inner join {{ ref('int_as_of') }} as as_of
        on first_activities.first_date <= as_of.as_of_date
    where first_activities.activity_type in ({{ literals(activity_types_of_messages()) }})

),

counted as (

    select
        trials.rule_id,
        {{ counts | join(',\n        ') }}
    from trials
    left join contacted
        on
            trials.rule_id = contacted.rule_id
            and trials.customer_id = contacted.customer_id
            and trials.taken_at = contacted.taken_at
    left join overlapping
        on
            trials.rule_id = overlapping.rule_id
            and trials.customer_id = overlapping.customer_id
            and trials.taken_at = overlapping.taken_at
    group by trials.rule_id

)

select
    counted.rule_id,
    cast(counted.treated as bigint) as treated,
    cast(counted.control as bigint) as control,
    cast(case when signals.has_messages then counted.treated_contacted end as bigint) as treated_contacted,
    cast(case when signals.has_messages then counted.control_contacted end as bigint) as control_contacted,
    cast(counted.treated_overlapping as bigint) as treated_overlapping,
    cast(counted.control_overlapping as bigint) as control_overlapping
from counted
cross join signals
