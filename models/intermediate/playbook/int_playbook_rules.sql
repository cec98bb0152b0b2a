{%- set stages = ['new', 'active', 'loyal', 'reactivated', 'at_risk', 'lost'] -%}
{%- set number = '-?[0-9]{1,12}([.][0-9]+)?' -%}
{%- set whole_number = '[0-9]{1,5}' -%}
{%- set metrics = literals(playbook_metrics()) -%}
{%- set operators = literals(playbook_operators()) -%}
{%- set no_metric = 'is no number or yes-or-no of customers, no column of int_playbook_metrics, and no prediction' -%}
{%- set no_operator = 'is none of ' ~ playbook_operators() | join(' ') -%}
{%- set no_whole_number = 'is no whole number from 0 on' -%}
{#- Field, when it is wrong, and what is wrong with it: the first of a rule is named. -#}
{%- set faults = [
    ('is_active', "rules.is_active not in ('true', 'false')", 'is neither true nor false'),
    (
        'lifecycle_stage',
        'not ' ~ has_form('rules.lifecycle_stage', 'any|(S)([|](S))*'.replace('S', stages | join('|'))),
        'is neither any nor stages joined by |, of ' ~ stages | join(' '),
    ),
    ('metric', 'rules.metric not in (' ~ metrics ~ ')', no_metric),
    ('operator', 'rules.operator not in (' ~ operators ~ ')', no_operator),
    ('threshold', 'not ' ~ has_form('rules.threshold', number), 'is no number'),
    ('and_metric', "rules.and_metric <> '-' and rules.and_metric not in (" ~ metrics ~ ')', no_metric),
    (
        'and_operator',
        "case when rules.and_metric = '-' then rules.and_operator <> '-' else rules.and_operator not in ("
        ~ operators ~ ') end',
        no_operator ~ ', or - without an and_metric',
    ),
    ('and_threshold', 'not ' ~ has_form('rules.and_threshold', number), 'is no number'),
    ('action', "rules.action = '-'", 'says nothing'),
    ('channel', 'channels.channel is null', 'is no channel of playbook_channels'),
    ('owner', "rules.owner = '-'", 'names nobody'),
    ('due_within_days', 'not ' ~ has_form('rules.due_within_days', whole_number), no_whole_number),
    ('priority', 'not ' ~ has_form('rules.priority', whole_number), no_whole_number),
    ('cooldown_days', 'not ' ~ has_form('rules.cooldown_days', whole_number), no_whole_number),
    ('success_metric', "rules.success_metric <> 'order'", 'is not order'),
    ('success_window_days', 'not ' ~ has_form('rules.success_window_days', whole_number), no_whole_number),
    ('control_share', 'not ' ~ has_form('rules.control_share', '0([.][0-9]+)?|1([.]0+)?'), 'is no number from 0 to 1'),
    (
        'template_id',
        "rules.template_id <> '-' and coalesce(templates.messages, 0) < 4",
        'has not all of en and de, A and B in playbook_templates',
    ),
] -%}
-- A rule with a fault takes no part: nothing is built behind it (the test has_no_faults).
with templates as (

    select
        template_id,
        count(*) as messages
    from {{ ref('playbook_templates') }}
    group by template_id

)

select
    rules.rule_id,
    rules.is_active = 'true' as is_active,
    rules.lifecycle_stage,
    rules.metric,
    rules.operator,
    try_cast(rules.threshold as double) as threshold,
    nullif(rules.and_metric, '-') as and_metric,
    nullif(rules.and_operator, '-') as and_operator,
    case when rules.and_metric <> '-' then try_cast(rules.and_threshold as double) end as and_threshold,
    rules.action,
    rules.channel,
    channels.needs_consent = 'true' as needs_consent,
    rules.owner,
    try_cast(rules.due_within_days as bigint) as due_within_days,
    try_cast(rules.priority as bigint) as priority,
    try_cast(rules.cooldown_days as bigint) as cooldown_days,
    rules.success_metric,
    try_cast(rules.success_window_days as bigint) as success_window_days,
    try_cast(rules.control_share as double) as control_share,
    nullif(rules.template_id, '-') as template_id,
    coalesce(metric_names.name_en, rules.metric) as metric_name_en,
    coalesce(metric_names.name_de, rules.metric) as metric_name_de,
    coalesce(and_metric_names.name_en, nullif(rules.and_metric, '-')) as and_metric_name_en,
    coalesce(and_metric_names.name_de, nullif(rules.and_metric, '-')) as and_metric_name_de,
    {{ first_fault("'rule ' || coalesce(rules.rule_id, 'without a name')", 'rules', faults) | indent(4) }} as fault
from {{ ref('playbook_rules') }} as rules
left join {{ ref('playbook_channels') }} as channels
    on rules.channel = channels.channel
left join templates
    on rules.template_id = templates.template_id
left join {{ ref('playbook_metrics') }} as metric_names
    on rules.metric = metric_names.metric
left join {{ ref('playbook_metrics') }} as and_metric_names
    on rules.and_metric = and_metric_names.metric
