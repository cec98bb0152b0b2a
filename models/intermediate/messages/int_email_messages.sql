with sendings as (

    select
        activities.customer_id,
        activities.occurred_at as sent_at,
        activities.activity_date as sent_date,
        activities.detail as message_name
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'email_sent'
        and as_of.first_order_date is not null

),

messages as (

    select distinct
        customer_id,
        sent_at,
        sent_date,
        message_name
    from sendings
    where customer_id is not null

),

opens as (

    select
        customer_id,
        sent_at,
        message_name,
        min(opened_at) as opened_at,
        min(opened_date) as opened_date,
        min(case when is_click then opened_at end) as clicked_at
    from {{ ref('int_email_opens') }}
    where sent_at is not null
    group by
        customer_id,
        sent_at,
        message_name

),

in_order as (

    select
        messages.*,
        opens.opened_at,
        opens.opened_date,
        opens.clicked_at,
        row_number() over customer_messages as message_number,
        lead(messages.sent_date) over customer_messages as next_sent_date,
        count(*) over last_three as messages_of_last_three,
        count(opens.opened_at) over last_three as opened_of_last_three,
        min(opens.opened_date) over last_three as last_three_opened_on
    from messages
    left join opens
        on
            messages.customer_id = opens.customer_id
            and messages.sent_at = opens.sent_at
            and coalesce(messages.message_name, '') = coalesce(opens.message_name, '')
    window
        customer_messages as (
            partition by messages.customer_id
            order by messages.sent_at, messages.message_name nulls first
        ),
        last_three as (
            partition by messages.customer_id
            order by messages.sent_at, messages.message_name nulls first
            rows between 2 preceding and current row
        )

)

select
    customer_id,
    sent_at,
    sent_date,
    message_name,
    opened_at,
    opened_date,
    clicked_at,
    coalesce(opened_at <= {{ answered_in_time_until('sent_at') }}, false) as is_opened_in_time,
    coalesce(clicked_at <= {{ answered_in_time_until('sent_at') }}, false) as is_clicked_in_time,
    cast(message_number as bigint) as message_number,
    next_sent_date,
    cast(case when messages_of_last_three = 3 then opened_of_last_three end as bigint) as opened_of_last_three,
    case when messages_of_last_three = 3 then last_three_opened_on end as last_three_opened_on
from in_order
union all
select
    customer_id,
    sent_at,
    sent_date,
    message_name,
    cast(null as timestamp) as opened_at,
    cast(null as date) as opened_date,
    cast(null as timestamp) as clicked_at,
    false as is_opened_in_time,
    false as is_clicked_in_time,
    cast(null as bigint) as message_number,
    cast(null as date) as next_sent_date,
    cast(null as bigint) as opened_of_last_three,
    cast(null as date) as last_three_opened_on
from sendings
where customer_id is null
