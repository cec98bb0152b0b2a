{#- The last days whose e-mails are looked at. -#}
{%- set recent_days = 90 -%}
with as_of as (

    select
        as_of_date,
        {{ add_days('as_of_date', -recent_days) }} as before_recent
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

recent_messages as (

    select
        messages.customer_id,
        messages.message_name
    from {{ ref('int_email_messages') }} as messages
    inner join as_of
        on
            messages.sent_date > as_of.before_recent
            and messages.sent_date <= as_of.as_of_date
    where
        messages.customer_id is not null
        and messages.message_name is not null

),

recipients as (

    select count(distinct customer_id) as customers
    from recent_messages

),

by_name as (

    select
        message_name,
        count(*) as messages,
        count(distinct customer_id) as customers
    from recent_messages
    group by message_name

),

counted as (

    select
        sum(case when 2 * by_name.customers < recipients.customers then by_name.messages end) as to_a_part,
        sum(by_name.messages) as messages
    from by_name
    cross join recipients

)

select
    'segmented_emails' as measure,
    cast(coalesce(counted.to_a_part, 0) as bigint) as measured_part,
    cast(coalesce(counted.messages, 0) as bigint) as measured_whole,
    {{ add_days('as_of.before_recent', 1) }} as from_date,
    as_of.as_of_date as to_date
from as_of
cross join counted
