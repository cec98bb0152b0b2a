{%- set groups = {
    'orders': ['order', 'refund'],
    'answers': ['nps', 'csat', 'churn_reason'],
    'support': ['ticket_opened', 'ticket_first_reply', 'ticket_solved', 'complaint'],
    'contract': ['contract_started', 'contract_continued', 'contract_ended', 'payment_failed'],
    'programmes': ['referral_sent', 'referral_converted', 'loyalty_earned', 'loyalty_redeemed'],
    'messages': ['action_taken', 'email_sent', 'email_opened', 'email_clicked', 'sms_sent'],
    'use': ['session', 'product_use', 'community_post'],
} -%}
{%- set shown = ['occurred_at', 'order_id', 'rule_id', 'outcome', 'channel', 'value', 'amount'] -%}
-- Of each source the columns that it has.
with events as (

    select
        customer_id,
        order_date as event_date,
        'order' as event_type,
        ordered_at as occurred_at,
        case when refunded_amount > 0 then 'refunded' end as outcome,
        sales_channel as channel,
        null as value,
        net_amount as amount,
        order_id,
        null as rule_id
    from {{ ref('int_order_sequence') }}
    union all
    select
        customer_id,
        event_date,
        'refund' as event_type,
        occurred_at,
        null as outcome,
        null as channel,
        null as value,
        amount,
        order_id,
        null as rule_id
    from {{ ref('int_refund_events') }}
    union all
    select
        customer_id,
        event_date,
        event_type,
        occurred_at,
        outcome,
        channel,
        value,
        null as amount,
        null as order_id,
        null as rule_id
    from {{ ref('int_activity_events') }}
    union all
    select
        customer_id,
        event_date,
        event_type,
        null as occurred_at,
        outcome,
        null as channel,
        null as value,
        amount,
        null as order_id,
        null as rule_id
    from {{ ref('int_contract_events') }}
    union all
    select
        actions.customer_id,
        actions.taken_date as event_date,
        'action_taken' as event_type,
        actions.taken_at as occurred_at,
        actions.arm as outcome,
        null as channel,
        null as value,
        null as amount,
        null as order_id,
        actions.rule_id
    from {{ ref('int_actions_taken') }} as actions
    inner join {{ ref('int_as_of') }} as as_of
        on actions.taken_date <= as_of.as_of_date
    where {{ takes_part('actions') }}

),

-- What is counted by day has one row of a day: only single events are numbered.
numbered as (

    select
        customer_id,
        event_date,
        event_type,
        row_number() over (
            partition by customer_id, event_date, event_type
            order by
                {{ shown | join(' nulls last,\n                ') }} nulls last
        ) as event_number,
        {{ shown | join(',\n        ') }},
        1 as events
    from events
    union all
    select
        customer_id,
        event_date,
        event_type,
        1 as event_number,
        {% for column in shown %}
            null as {{ column }},
        {% endfor %}
        events
    from {{ ref('int_activity_days') }}

)

select
    numbered.customer_id,
    numbered.event_date,
    numbered.event_type,
    cast(numbered.event_number as bigint) as event_number,
    case
        {%- for name, types in groups.items() %}
            when numbered.event_type in ({{ literals(types) }}) then '{{ name }}'
        {%- endfor %}
    end as event_group,
    numbered.{{ shown | join(',\n    numbered.') }},
    cast(numbered.events as bigint) as events
from numbered
-- Of whoever never ordered no single event is published.
inner join {{ ref('int_customers') }} as customers
    on numbered.customer_id = customers.customer_id
