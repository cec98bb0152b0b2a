{%- set of_rule = [
    'metric', 'operator', 'threshold', 'and_metric', 'and_operator', 'and_threshold', 'action', 'channel', 'owner',
    'due_within_days', 'priority', 'cooldown_days', 'success_metric', 'success_window_days', 'control_share', 'template_id',
] -%}
{%- set uses, used = [], [] -%}
{%- for model in playbook_predictions().values() | unique -%}
    {%- do uses.append("count(case when model = '" ~ model ~ "' and is_used then 1 end) > 0 as uses_" ~ model) -%}
{%- endfor -%}
{%- for name, model in playbook_predictions().items() -%}
    {%- do used.append('case when used_models.uses_' ~ model ~ ' then predictions.' ~ name ~ ' end as ' ~ name) -%}
{%- endfor -%}
with used_models as (

    select
        {{ uses | join(',\n        ') }}
    from {{ ref('prediction_trust') }}

),

-- What a model says that is not shown to be better than its simple rival counts as not known.
predictions as (

    select
        predictions.customer_id,
        {{ used | join(',\n        ') }}
    from {{ ref('customer_predictions') }} as predictions
    cross join used_models

),

-- Customers meet only the rules of their stage that may reach them.
candidates as (

    select
        customers.customer_id,
        customers.lifecycle_stage,
        rules.rule_id,
        rules.{{ of_rule | join(',\n        rules.') }},
        rules.needs_consent,
        rules.metric_name_en,
        rules.metric_name_de,
        rules.and_metric_name_en,
        rules.and_metric_name_de,
        {{ value_of_metric('rules.metric') | indent(8) }} as metric_value,
        {{ value_of_metric('rules.and_metric') | indent(8) }} as and_metric_value
    from {{ ref('customers') }} as customers
    inner join {{ ref('int_playbook_metrics') }} as metrics
        on customers.customer_id = metrics.customer_id
    inner join {{ ref('int_playbook_rules') }} as rules
        on
            rules.is_active
            and (
                rules.lifecycle_stage = 'any'
                or '|' || rules.lifecycle_stage || '|' like '%|' || customers.lifecycle_stage || '|%'
            )
            and (customers.marketing_consent or not rules.needs_consent)
    left join predictions
        on customers.customer_id = predictions.customer_id

),

latest_actions as (

    select
        customer_id,
        rule_id,
        max(taken_date) as taken_date
    from {{ ref('int_playbook_history') }}
    group by
        customer_id,
        rule_id

),

-- Customers whose actions by these rules are being measured; of several the first and the last by name are enough.
experiments as (

    select
        history.customer_id,
        min(history.rule_id) as first_rule_id,
        max(history.rule_id) as last_rule_id
    from {{ ref('int_playbook_history') }} as history
    cross join {{ ref('int_as_of') }} as as_of
    left join {{ ref('int_playbook_rules') }} as rules
        on history.rule_id = rules.rule_id
    where
        history.taken_date > {{ add_days(
            'as_of.as_of_date', '-coalesce(rules.success_window_days, ' ~ window_of_other_rules() ~ ')'
        ) }}
        and coalesce({{ is_experiment('rules') }}, true)
    group by history.customer_id

),

fired as (

    select
        candidates.*,
        {{ is_experiment('candidates') }} as is_experiment,
        {{ is_experiment('candidates') }} and (
            coalesce(experiments.first_rule_id <> candidates.rule_id, false)
            or coalesce(experiments.last_rule_id <> candidates.rule_id, false)
        ) as in_other_experiment,
        {{ add_days('as_of.as_of_date', 'candidates.due_within_days') }} as due_date,
        candidates.needs_consent and {{ is_in_universal_control('candidates.customer_id') }} as is_universal_control,
        {{ share_of_hash("candidates.rule_id || ':' || candidates.customer_id || ':arm'") }} as hash_of_arm,
        {{ share_of_hash("candidates.rule_id || ':' || candidates.customer_id || ':variant'") }} as hash_of_variant
    from candidates
    cross join {{ ref('int_as_of') }} as as_of
    left join latest_actions
        on
            candidates.customer_id = latest_actions.customer_id
            and candidates.rule_id = latest_actions.rule_id
    left join experiments
        on candidates.customer_id = experiments.customer_id
    where
        {{ meets('candidates.metric_value', 'candidates.operator', 'candidates.threshold') | indent(8) }}
        and (
            candidates.and_metric is null
            or {{ meets(
                'candidates.and_metric_value', 'candidates.and_operator', 'candidates.and_threshold'
            ) | indent(12) }}
        )
        and (
            latest_actions.taken_date is null
            or latest_actions.taken_date <= {{ add_days('as_of.as_of_date', '-candidates.cooldown_days') }}
        )

)

select
    customer_id,
    rule_id,
    lifecycle_stage,
    {{ of_rule[:6] | join(',\n    ') }},
    metric_value,
    and_metric_value,
    {{ of_rule[6:10] | join(',\n    ') }},
    due_date,
    {{ of_rule[10:] | join(',\n    ') }},
    is_universal_control,
    case when is_universal_control or hash_of_arm < control_share then 'control' else 'treatment' end as arm,
    case when hash_of_variant < 0.5 then 'A' else 'B' end as variant,
    row_number() over (
        partition by customer_id
        order by priority, rule_id
    ) = 1 as is_selected,
    is_experiment,
    in_other_experiment,
    {{ reasons_of_rule('en') | indent(4) }} as reason_en,
    {{ reasons_of_rule('de') | indent(4) }} as reason_de
from fired
