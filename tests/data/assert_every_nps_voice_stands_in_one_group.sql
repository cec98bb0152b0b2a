-- Voices add up over their groups, and answers over the periods of a grain: each is in one week, month and quarter.
with answers as (

    select count(*) as answers
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'nps'
        and as_of.first_order_date is not null

),

by_grain as (

    select
        period_grain,
        sum(answers) as answers,
        sum(responses) as responses,
        sum(promoters + passives + detractors) as voices
    from {{ ref('nps') }}
    group by period_grain

)

select
    by_grain.period_grain,
    by_grain.answers,
    by_grain.responses,
    by_grain.voices,
    answers.answers as expected_answers
from by_grain
cross join answers
where
    by_grain.answers <> answers.answers
    or by_grain.responses <> by_grain.voices
