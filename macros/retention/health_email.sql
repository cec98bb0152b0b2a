{#- How many of the customer's last three messages were opened by then; a message needs three days to be opened. Null where the
    shop does not track opens: no open or click had ever belonged to a message. -#}
{% macro health_email(subjects) -%}
with messages as (

    select
        customer_id,
        sent_date,
        opened_date,
        -- It is one of the last three until the third one after it is sent.
        lead(sent_date, 3) over (partition by customer_id order by message_number) as third_next_sent_date
    from {{ ref('int_email_messages') }}
    where customer_id is not null

),

last_three as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        count(*) as messages,
        count(case when messages.opened_date <= subjects.as_of_date then 1 end) as opened_messages
    from {{ subjects }} as subjects
    inner join messages
        on
            subjects.customer_id = messages.customer_id
            and messages.sent_date <= {{ messages_settled_by('subjects.as_of_date') }}
            and (
                messages.third_next_sent_date is null
                or messages.third_next_sent_date > {{ messages_settled_by('subjects.as_of_date') }}
            )
    group by
        subjects.customer_id,
        subjects.as_of_date

),

tracking as (

    select min(opened_date) as first_opened_date
    from messages

)

select
    last_three.customer_id,
    last_three.as_of_date,
    case
        when last_three.messages < 3 or last_three.as_of_date < tracking.first_opened_date then null
        when tracking.first_opened_date is null then null
        when last_three.opened_messages = 3 then limits.email_opened_3
        when last_three.opened_messages = 2 then limits.email_opened_2
        when last_three.opened_messages = 1 then limits.email_opened_1
        else limits.email_opened_0
    end as health_email
from last_three
cross join tracking
cross join {{ ref('int_health_limits') }} as limits
{%- endmacro %}
