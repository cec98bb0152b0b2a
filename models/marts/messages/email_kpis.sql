{%- set grains = ['week', 'month'] -%}
with events as (

    select sent_date as event_date
    from {{ ref('int_email_messages') }}
    union all
    select opened_date as event_date
    from {{ ref('int_email_opens') }}

),

span as (

    select
        as_of.as_of_date,
        min(events.event_date) as first_date
    from events
    cross join {{ ref('int_as_of') }} as as_of
    group by as_of.as_of_date

),

periods as (

    {{ periods_of_span('span', grains) | indent(4) }}

),

tracking as (

    {{ tracking_of_opens() | indent(4) }}

),

messages as (

    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'sent_date') }} as period_start,
            customer_id,
            is_opened_in_time,
            is_clicked_in_time
        from {{ ref('int_email_messages') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        period_grain,
        period_start,
        count(*) as emails_sent,
        count(distinct customer_id) as recipients,
        count(case when is_opened_in_time then 1 end) as emails_opened,
        count(case when is_clicked_in_time then 1 end) as emails_clicked
    from messages
    group by
        period_grain,
        period_start

),

recipients as (

    select distinct
        messages.customer_id,
        periods.period_grain,
        periods.period_start,
        periods.measured_on
    from messages
    inner join periods
        on
            messages.period_grain = periods.period_grain
            and messages.period_start = periods.period_start
    where messages.customer_id is not null

),

-- Which message is the latest that is old enough at the end of a period: a running maximum of the numbers says it.
days as (

    select
        customer_id,
        sent_date as calendar_date,
        message_number,
        null as period_grain,
        null as period_start,
        null as measured_on
    from {{ ref('int_email_messages') }}
    where customer_id is not null
    union all
    select
        customer_id,
        {{ messages_settled_by('measured_on') }} as calendar_date,
        null as message_number,
        period_grain,
        period_start,
        measured_on
    from recipients

),

latest_messages as (

    select
        customer_id,
        period_grain,
        period_start,
        measured_on,
        max(message_number) over (partition by customer_id order by calendar_date) as message_number
    from days

),

streaks as (

    select
        latest_messages.period_grain,
        latest_messages.period_start,
        count(*) as customers
    from latest_messages
    inner join {{ ref('int_email_messages') }} as messages
        on
            latest_messages.customer_id = messages.customer_id
            and latest_messages.message_number = messages.message_number
    where
        latest_messages.period_grain is not null
        and messages.opened_of_last_three is not null
        and (
            messages.last_three_opened_on is null
            or messages.last_three_opened_on > latest_messages.measured_on
        )
    group by
        latest_messages.period_grain,
        latest_messages.period_start

),

unmatched as (

    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'opened_date') }} as period_start,
            count(*) as events
        from {{ ref('int_email_opens') }}
        where sent_at is null
        group by {{ period_start(grain, 'opened_date') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

figures as (

    select
        periods.period_grain,
        periods.period_start,
        coalesce(counted.emails_sent, 0) as emails_sent,
        coalesce(counted.recipients, 0) as recipients,
        case when tracking.is_tracked then coalesce(counted.emails_opened, 0) end as emails_opened,
        case when tracking.is_tracked then coalesce(counted.emails_clicked, 0) end as emails_clicked,
        case when tracking.is_tracked then coalesce(streaks.customers, 0) end as customers_with_unopened_streak,
        coalesce(unmatched.events, 0) as unmatched_events,
        {{ answered_in_full_on('periods.period_end') }} <= {{ add_days('span.as_of_date', 1) }} as is_complete
    from periods
    cross join span
    cross join tracking
    left join counted
        on
            periods.period_grain = counted.period_grain
            and periods.period_start = counted.period_start
    left join streaks
        on
            periods.period_grain = streaks.period_grain
            and periods.period_start = streaks.period_start
    left join unmatched
        on
            periods.period_grain = unmatched.period_grain
            and periods.period_start = unmatched.period_start

)

select
    period_grain,
    period_start,
    emails_sent,
    recipients,
    emails_opened,
    emails_clicked,
    {{ rate('emails_opened', 'emails_sent') }} as open_rate,
    {{ rate('emails_clicked', 'emails_sent') }} as click_rate,
    customers_with_unopened_streak,
    unmatched_events,
    is_complete
from figures
