{#- Field, when it is wrong, and what is wrong with it: the first of a line is named. -#}
{%- set is_scored = "scores.score <> '-'" -%}
{%- set date = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
{%- set faults = [
    ('audit_point', 'points.audit_point is null', 'is no point of audit_points'),
    (
        'score',
        is_scored ~ ' and not ' ~ has_form('scores.score', '[' ~ audit_scores() | first ~ '-' ~ audit_scores() | last ~ ']'),
        'is no whole number from ' ~ audit_scores() | first ~ ' to ' ~ audit_scores() | last ~ ', nor - for none',
    ),
    ('scored_by', is_scored ~ " and scores.scored_by = '-'", 'names nobody, beside a score'),
    (
        'scored_on',
        "(" ~ is_scored ~ " or scores.scored_on <> '-') and (not " ~ has_form('scores.scored_on', date)
        ~ ' or try_cast(scores.scored_on as date) is null)',
        'is no date such as 2026-01-31',
    ),
    ('scored_on', "scores.scored_on <> '-' and scores.rows_of_day > 1", 'stands twice'),
] -%}
-- A line with a fault takes no part: nothing is built behind it (the test has_no_faults).
with scores as (

    select
        *,
        count(*) over (partition by audit_point, scored_on) as rows_of_day
    from {{ ref('audit_scores_by_hand') }}

),

points as (

    select distinct audit_point
    from {{ ref('audit_points') }}

),

judged as (

    select
        scores.audit_point,
        scores.score,
        scores.scored_by,
        scores.note,
        case when {{ has_form('scores.scored_on', date) }} then try_cast(scores.scored_on as date) end as scored_on,
        {{ first_fault("'point ' || coalesce(scores.audit_point, 'without a number')", 'scores', faults) | indent(8) }}
            as fault
    from scores
    left join points
        on scores.audit_point = points.audit_point

),

in_force as (

    select
        *,
        case when score <> '-' and not {{ is_after_as_of_date('scored_on') }} then scored_on end as in_force_since
    from judged

),

in_order as (

    select
        *,
        row_number() over (partition by audit_point order by in_force_since desc nulls last) as place
    from in_force

)

select
    scored_on,
    fault,
    try_cast(audit_point as bigint) as audit_point,
    try_cast(nullif(score, '-') as int) as score,
    nullif(scored_by, '-') as scored_by,
    nullif(note, '-') as note,
    place = 1 and in_force_since is not null as is_latest
from in_order
