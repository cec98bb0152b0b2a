{#- The health of a customer as of any day, each component from 1 (bad) to 5, null where there is nothing to judge. `subjects` is
    a relation of (customer_id, as_of_date): who is looked at, and as of which days. Whatever happened after a day does not exist
    for it. So today's score, the change against earlier days and scores of the past come from the same definition. -#}
{% macro health_component_names() -%}
    {{ return(['purchase', 'engagement', 'email', 'support', 'survey', 'payment']) }}
{%- endmacro %}


{#- Body of a model: every component of each subject, and the engagement score that one of them is made beside. -#}
{% macro health_components(subjects) -%}
with
    {%- for component in health_component_names() %}
{{ component }} as (

    {{ {
        'purchase': health_purchase,
        'engagement': health_engagement,
        'email': health_email,
        'support': health_support,
        'survey': health_survey,
        'payment': health_payment,
    }[component](subjects) | indent(4) }}

){{ ',' if not loop.last }}
    {%- endfor %}

select
    subjects.customer_id,
    subjects.as_of_date,
    engagement.engagement_score,
    {%- for component in health_component_names() %}
    cast({{ component }}.health_{{ component }} as int) as health_{{ component }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ subjects }} as subjects
    {%- for component in health_component_names() %}
left join {{ component }}
    on
        subjects.customer_id = {{ component }}.customer_id
        and subjects.as_of_date = {{ component }}.as_of_date
    {%- endfor %}
{%- endmacro %}


{#- Body of a model: the score of each row of components, their mean by weight over those that are there, and its band. -#}
{% macro health_scores(components) -%}
with scored as (

    select
        components.*,
        {{ rate(
            weighted_sum_of_components('components.health_{0} * limits.{0}_weight'),
            weighted_sum_of_components('case when components.health_{0} is not null then limits.{0}_weight end')
        ) }} as health_score
    from {{ components }} as components
    cross join {{ ref('int_health_limits') }} as limits

)

select
    scored.customer_id,
    scored.as_of_date,
    scored.engagement_score,
    {%- for component in health_component_names() %}
    scored.health_{{ component }},
    {%- endfor %}
    scored.health_score,
    case
        when scored.health_score >= limits.band_healthy then 'healthy'
        when scored.health_score >= limits.band_watch then 'watch'
        when scored.health_score is not null then 'critical'
    end as health_band
from scored
cross join {{ ref('int_health_limits') }} as limits
{%- endmacro %}

{% macro weighted_sum_of_components(term) -%}
    {%- for component in health_component_names() %}
        {{ '+ ' if not loop.first }}coalesce({{ term.format(component) }}, 0)
    {%- endfor %}
{%- endmacro %}


{#- The condition of a join: what a customer did in the `days` that end with as_of_date, that day included. -#}
{% macro within_days(relation, date, days, subjects='subjects') -%}
    {{ subjects }}.customer_id = {{ relation }}.customer_id
        and {{ relation }}.{{ date }} <= {{ subjects }}.as_of_date
        and {{ relation }}.{{ date }} > {{ add_days(subjects ~ '.as_of_date', -days) }}
{%- endmacro %}


{#- Body of a CTE: the days on which the shop has had one of some kinds of activities of customers, of the subjects' days. -#}
{% macro days_with_signal(subjects, condition) -%}
    select days.as_of_date
    from (select distinct as_of_date from {{ subjects }}) as days
    inner join {{ ref('int_first_activities') }} as first_activities
        on first_activities.first_date <= days.as_of_date
    where {{ condition }}
    group by days.as_of_date
{%- endmacro %}


{#- The words of rows with a `position`, one after the other; an aggregate per customer. -#}
{% macro drivers_in_words(words) -%}
    coalesce(max(case when position = 1 then {{ words }} end), '')
    {%- for position in range(2, health_component_names() | length + 1) %}
            || coalesce(max(case when position = {{ position }} then '; ' || {{ words }} end), '')
    {%- endfor %}
{%- endmacro %}
