{#- The customer's latest answer to whether they would recommend the shop, within the active window. -#}
{% macro health_survey(subjects) -%}
with answers as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        activities.value,
        row_number() over (
            partition by subjects.customer_id, subjects.as_of_date
            order by activities.occurred_at desc, activities.value desc
        ) as rank_from_latest
    from {{ subjects }} as subjects
    inner join {{ ref('int_activities') }} as activities
        on
        {{ within_days('activities', 'activity_date', var('active_window_days')) }}
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'nps'

)

select
    answers.customer_id,
    answers.as_of_date,
    case
        when answers.value >= limits.survey_score_5 then 5
        when answers.value >= limits.survey_score_4 then 4
        when answers.value >= limits.survey_score_3 then 3
        when answers.value >= limits.survey_score_2 then 2
        else 1
    end as health_survey
from answers
cross join {{ ref('int_health_limits') }} as limits
where answers.rank_from_latest = 1
{%- endmacro %}
