{#- What the customer did in the last 28 days, against the 28 days before; and the points for it. -#}
{% macro health_engagement(subjects) -%}
with deeds as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        count(case when activities.activity_date > {{ add_days('subjects.as_of_date', -28) }} then 1 end) as latest_deeds,
        count(
            case
                when
                    activities.activity_date <= {{ add_days('subjects.as_of_date', -28) }}
                    and activities.activity_date > {{ add_days('subjects.as_of_date', -56) }}
                    then 1
            end
        ) as deeds_before,
        sum(
            case when activities.activity_date > {{ add_days('subjects.as_of_date', -28) }} then weights.points else 0 end
        ) as latest_points
    from {{ subjects }} as subjects
    inner join {{ ref('int_activities') }} as activities
        on
        {{ within_days('activities', 'activity_date', 364) }}
    inner join {{ ref('engagement_weights') }} as weights
        on activities.activity_type = weights.activity_type
    where {{ takes_part('activities') }}
    group by
        subjects.customer_id,
        subjects.as_of_date

),

observed_days as (

    {{ days_with_signal(
        subjects,
        'first_activities.activity_type in (select weights.activity_type from ' ~ ref('engagement_weights') ~ ' as weights)'
    ) | indent(4) }}

)

select
    subjects.customer_id,
    subjects.as_of_date,
    case when observed_days.as_of_date is not null then cast(least(coalesce(deeds.latest_points, 0), 100) as double) end
        as engagement_score,
    case
        when deeds.customer_id is null then null
        when deeds.latest_deeds = 0 then 1
        when deeds.deeds_before = 0 then 5
        when {{ rate('deeds.latest_deeds', 'deeds.deeds_before') }} >= limits.engagement_score_5 then 5
        when {{ rate('deeds.latest_deeds', 'deeds.deeds_before') }} >= limits.engagement_score_4 then 4
        when {{ rate('deeds.latest_deeds', 'deeds.deeds_before') }} >= limits.engagement_score_3 then 3
        else 2
    end as health_engagement
from {{ subjects }} as subjects
cross join {{ ref('int_health_limits') }} as limits
left join deeds
    on
        subjects.customer_id = deeds.customer_id
        and subjects.as_of_date = deeds.as_of_date
left join observed_days
    on subjects.as_of_date = observed_days.as_of_date
{%- endmacro %}
