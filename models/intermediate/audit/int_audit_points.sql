{%- set no_measure = 'is no measure of audit_thresholds, nor - for none' -%}
{#- Field, when it is wrong, and what is wrong with it: the first of a point is named. -#}
{%- set faults = [
    ('audit_point', 'not ' ~ has_form('points.audit_point', '[1-9]|1[0-5]'), 'is no whole number from 1 to 15'),
    ('measure', "points.measure <> '-' and measures.measure is null", no_measure),
    ('and_measure', "points.and_measure <> '-' and and_measures.measure is null", no_measure),
    ('and_measure', "points.and_measure <> '-' and points.measure = '-'", 'stands without a measure'),
] -%}
{%- set named = "'point ' || coalesce(points.audit_point, 'without a number')" -%}
{%- set texts = [
    'area', 'area_en', 'area_de', 'question_en', 'question_de', 'full_score_en', 'full_score_de', 'first_step_en',
    'first_step_de',
] -%}
{%- for text in texts -%}
    {%- do faults.append((text, 'points.' ~ text ~ " = '-'", 'says nothing')) -%}
{%- endfor -%}
-- A point with a fault takes no part: nothing is built behind it (the test has_no_faults).
with numbers as (

    {% for number in range(1, 16) %}
        select '{{ number }}' as audit_point
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    try_cast(coalesce(points.audit_point, numbers.audit_point) as bigint) as audit_point,
    points.{{ texts | join(',\n    points.') }},
    nullif(points.measure, '-') as measure,
    nullif(points.and_measure, '-') as and_measure,
    case
        when points.audit_point is null and numbers.audit_point is not null
            then 'point ' || numbers.audit_point || ' is missing: audit_points holds each from 1 to 15'
        else
            {{ first_fault(named, 'points', faults) | indent(12) }}
    end as fault
from numbers
full outer join {{ ref('audit_points') }} as points
    on numbers.audit_point = points.audit_point
left join {{ ref('int_audit_thresholds') }} as measures
    on points.measure = measures.measure
left join {{ ref('int_audit_thresholds') }} as and_measures
    on points.and_measure = and_measures.measure
