-- A running maximum finds the latest sending at or before an open: one window for the name, one for any name.
with events as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.occurred_at,
        activities.activity_date,
        activities.detail
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ('email_sent', 'email_opened', 'email_clicked')
        and as_of.first_order_date is not null

),

with_sendings as (

    select
        *,
        max(case when activity_type = 'email_sent' then occurred_at end) over (
            partition by customer_id, detail
            order by occurred_at
        ) as same_name_sent_at,
        max(case when activity_type = 'email_sent' then occurred_at end) over (
            partition by customer_id
            order by occurred_at
        ) as any_name_sent_at
    from events
    where customer_id is not null

),

-- Of several messages of one moment the last is the one with the largest name; one without a name comes first.
last_of_the_moment as (

    select
        customer_id,
        occurred_at as sent_at,
        max(detail) as message_name
    from events
    where activity_type = 'email_sent' and customer_id is not null
    group by
        customer_id,
        occurred_at

),

opens as (

    select
        customer_id,
        activity_type,
        occurred_at,
        activity_date,
        detail,
        case when detail is null then any_name_sent_at else same_name_sent_at end as sent_at
    from with_sendings
    where activity_type <> 'email_sent'
    union all
    select
        customer_id,
        activity_type,
        occurred_at,
        activity_date,
        detail,
        null as sent_at
    from events
    where activity_type <> 'email_sent' and customer_id is null

)

select
    opens.customer_id,
    opens.occurred_at as opened_at,
    opens.activity_date as opened_date,
    opens.sent_at,
    opens.activity_type = 'email_clicked' as is_click,
    case when opens.sent_at is not null then coalesce(opens.detail, last_of_the_moment.message_name) end as message_name
from opens
left join last_of_the_moment
    on
        opens.customer_id = last_of_the_moment.customer_id
        and opens.sent_at = last_of_the_moment.sent_at
