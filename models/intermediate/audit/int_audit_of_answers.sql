{#- Dissatisfied customers are to hear from somebody within so many days. -#}
{%- set time_to_react = 14 -%}
{%- set recent_days = 90 -%}
with as_of as (

    select
        as_of_date,
        {{ add_days('as_of_date', -recent_days) }} as before_recent,
        {{ add_days('as_of_date', -365) }} as before_year,
        {{ add_days('as_of_date', -time_to_react) }} as reacted_to_until
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

events as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.activity_date,
        activities.value
    from {{ ref('int_activities') }} as activities
    inner join as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ('nps', 'csat', 'complaint', 'ticket_first_reply')

),

latest_months as (

    select
        period_start,
        period_end,
        row_number() over (order by period_start desc) as months_back
    from {{ ref('int_periods') }}
    where
        period_grain = 'month'
        and is_complete

),

months_of_answers as (

    select distinct {{ period_start('month', 'activity_date') }} as month_start
    from events
    where activity_type in ('nps', 'csat')

),

months_with_feedback as (

    select
        count(months_of_answers.month_start) as months_asked,
        count(*) as months,
        min(latest_months.period_start) as first_date,
        max(latest_months.period_end) as end_date
    from latest_months
    left join months_of_answers
        on latest_months.period_start = months_of_answers.month_start
    where latest_months.months_back <= 12

),

criticism as (

    select distinct
        events.customer_id,
        events.activity_date
    from events
    inner join as_of
        on
            events.activity_date > as_of.before_year
            and events.activity_date <= as_of.reacted_to_until
    where
        events.customer_id is not null
        and (
            events.activity_type = 'complaint'
            or (events.activity_type = 'nps' and {{ is_detractor('events.value') }})
            or (events.activity_type = 'csat' and {{ is_dissatisfied('events.value') }})
        )

),

reactions as (

    select
        customer_id,
        activity_date as reacted_on
    from events
    where activity_type = 'ticket_first_reply'
    union all
    select
        customer_id,
        taken_date as reacted_on
    from {{ ref('int_playbook_history') }}
    where arm = 'treatment'

),

answered as (

    select distinct
        criticism.customer_id,
        criticism.activity_date
    from criticism
    inner join reactions
        on
            criticism.customer_id = reactions.customer_id
            and criticism.activity_date <= reactions.reacted_on
            and {{ add_days('criticism.activity_date', time_to_react) }} >= reactions.reacted_on

),

answered_criticism as (

    select
        count(answered.customer_id) as answered,
        count(*) as criticism
    from criticism
    left join answered
        on
            criticism.customer_id = answered.customer_id
            and criticism.activity_date = answered.activity_date

),

recent as (

    select
        events.activity_type,
        events.activity_type = 'ticket_first_reply'
        and events.value <= {{ var('first_reply_target_minutes') }} as is_in_time,
        events.activity_type = 'csat' and {{ is_satisfied('events.value') }} as is_satisfied
    from events
    inner join as_of
        on events.activity_date > as_of.before_recent

),

support as (

    select
        count(case when is_in_time then 1 end) as replies_in_time,
        count(case when activity_type = 'ticket_first_reply' then 1 end) as replies,
        count(case when is_satisfied then 1 end) as satisfied_answers,
        count(case when activity_type = 'csat' then 1 end) as answers
    from recent

)

select
    'months_with_feedback' as measure,
    months_with_feedback.months_asked as measured_part,
    months_with_feedback.months as measured_whole,
    months_with_feedback.first_date as from_date,
    {{ add_days('months_with_feedback.end_date', -1) }} as to_date
from as_of
cross join months_with_feedback
union all
select
    'answered_criticism' as measure,
    answered_criticism.answered as measured_part,
    answered_criticism.criticism as measured_whole,
    {{ add_days('as_of.before_year', 1) }} as from_date,
    as_of.reacted_to_until as to_date
from as_of
cross join answered_criticism
{% for measure, part, whole in [
    ('replied_within_target', 'replies_in_time', 'replies'),
    ('satisfied_with_support', 'satisfied_answers', 'answers'),
] %}
    union all
    select
        '{{ measure }}' as measure,
        support.{{ part }} as measured_part,
        support.{{ whole }} as measured_whole,
        {{ add_days('as_of.before_recent', 1) }} as from_date,
        as_of.as_of_date as to_date
    from as_of
    cross join support
{% endfor %}
