with messages as (

    select
        customer_id,
        {{ period_start('month', 'sent_date') }} as month_start,
        count(*) as emails_sent,
        count(case when is_opened_in_time then 1 end) as emails_opened
    from {{ ref('int_email_messages') }}
    where customer_id is not null
    group by
        customer_id,
        {{ period_start('month', 'sent_date') }}

)

select
    messages.month_start,
    spells.lifecycle_stage,
    cast(sum(messages.emails_sent) as bigint) as emails_sent,
    cast(sum(messages.emails_opened) as bigint) as emails_opened
from messages
inner join {{ ref('int_funnel_spells') }} as spells
    on
        messages.customer_id = spells.customer_id
        and messages.month_start >= spells.from_month
        and messages.month_start < spells.to_month
group by
    messages.month_start,
    spells.lifecycle_stage
