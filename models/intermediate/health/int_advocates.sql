-- Whoever wrote the best answer and won nobody is one, and the other way round.
with recommended as (

    select distinct subjects.customer_id
    from {{ ref('int_health_subjects') }} as subjects
    inner join {{ ref('int_as_of') }} as as_of
        on subjects.as_of_date = as_of.as_of_date
    inner join {{ ref('int_activities') }} as activities
        on
        {{ within_days('activities', 'activity_date', var('active_window_days')) }}
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'referral_converted'

),

answers as (

    {{ latest_recommendations(ref('int_health_subjects')) | indent(4) }}

)

select customer_id
from recommended
union
select answers.customer_id
from answers
inner join {{ ref('int_as_of') }} as as_of
    on answers.as_of_date = as_of.as_of_date
where {{ is_promoter('answers.value') }}
