{%- set share = '0([.][0-9]+)?|1([.]0+)?' -%}
{%- set placeholders = '([^{}]|[{](part|whole|percent|from|to)[}])+' -%}
{%- set limits = ['from_2', 'from_3', 'from_4', 'from_5'] -%}
{%- set no_placeholder = 'holds braces around something else than part, whole, percent, from or to' -%}
{#- Field, when it is wrong, and what is wrong with it: the first of a measure is named. -#}
{%- set faults = [
    ('measure', 'thresholds.measure not in (' ~ literals(audit_measures()) ~ ')', 'is no measure of the audit'),
] -%}
{%- for limit in limits -%}
    {%- do faults.append((limit, 'not ' ~ has_form('thresholds.' ~ limit, share), 'is no number from 0 to 1')) -%}
{%- endfor -%}
{%- for limit in limits[1:] -%}
    {%- set before = limits[loop.index0] -%}
    {%- do faults.append((
        limit,
        'try_cast(thresholds.' ~ limit ~ ' as double) <= try_cast(thresholds.' ~ before ~ ' as double)',
        'is not above ' ~ before,
    )) -%}
{%- endfor -%}
{%- do faults.append(
    ('least_whole', 'not ' ~ has_form('thresholds.least_whole', '[1-9][0-9]{0,8}'), 'is no whole number from 1 on')
) -%}
{%- do faults.append(
    ('without_signal', "thresholds.without_signal not in ('not_scored', 'lowest')", 'is neither not_scored nor lowest')
) -%}
{%- do faults.append(
    (
        'rules',
        "case when thresholds.measure = 'upsell_by_behaviour' then coalesce(rules_found.unknown_rules, 0) > 0 "
        ~ "else thresholds.rules <> '-' end",
        'names a rule that playbook_rules does not hold, or belongs to a measure that looks at no rules',
    )
) -%}
{%- for language in ['en', 'de'] -%}
    {%- do faults.append(
        ('evidence_' ~ language, 'not ' ~ has_form('thresholds.evidence_' ~ language, placeholders), no_placeholder)
    ) -%}
    {%- do faults.append(('missing_' ~ language, "thresholds.missing_" ~ language ~ " = '-'", 'says nothing')) -%}
{%- endfor -%}
-- A measure with a fault takes no part: nothing is built behind it (the test has_no_faults).
with rules_found as (

    select
        thresholds.measure,
        thresholds.rules,
        {{ times_in_text('thresholds.rules', "'|'") }} + 1 - count(rules.rule_id) as unknown_rules
    from {{ ref('audit_thresholds') }} as thresholds
    left join {{ ref('playbook_rules') }} as rules
        on '|' || thresholds.rules || '|' like '%|' || rules.rule_id || '|%'
    group by
        thresholds.measure,
        thresholds.rules

)

select
    thresholds.measure,
    {% for limit in limits %}
        try_cast(thresholds.{{ limit }} as double) as {{ limit }},
    {% endfor %}
    try_cast(thresholds.least_whole as bigint) as least_whole,
    thresholds.without_signal,
    nullif(thresholds.rules, '-') as rules,
    thresholds.evidence_en,
    thresholds.evidence_de,
    thresholds.missing_en,
    thresholds.missing_de,
    {{ first_fault("'measure ' || coalesce(thresholds.measure, 'without a name')", 'thresholds', faults) | indent(4) }}
        as fault
from {{ ref('audit_thresholds') }} as thresholds
left join rules_found
    on
        thresholds.measure = rules_found.measure
        and thresholds.rules = rules_found.rules
