{%- set is_upselling = "'|' || thresholds.rules || '|' like '%|' || history.rule_id || '|%'" -%}
-- Whatever the shop said to a customer of its own accord.
with contacts as (

    select
        customer_id,
        sent_date as contacted_on,
        false as is_offer
    from {{ ref('int_email_messages') }}
    where customer_id is not null
    union all
    select
        activities.customer_id,
        activities.activity_date as contacted_on,
        false as is_offer
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'sms_sent'
        and activities.customer_id is not null
    union all
    select
        history.customer_id,
        history.taken_date as contacted_on,
        coalesce({{ is_upselling }}, false) as is_offer
    from {{ ref('int_playbook_history') }} as history
    left join {{ ref('int_audit_thresholds') }} as thresholds
        on thresholds.measure = 'upsell_by_behaviour'
    where history.arm = 'treatment'

),

latest_contacts as (

    select
        customer_id,
        max(contacted_on) as contacted_on,
        max(case when is_offer then contacted_on end) as offered_on
    from contacts
    group by customer_id

),

posts as (

    select
        activities.customer_id,
        max(activities.activity_date) as posted_on
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'community_post'
    group by activities.customer_id

),

second_orders as (

    select
        customer_id,
        next_order_date
    from {{ ref('int_order_sequence') }}
    where order_number = 1

)

select
    customers.customer_id,
    customers.first_order_date,
    customers.last_order_date,
    second_orders.next_order_date as second_order_date,
    spells.lapsed_on is not null as is_lost,
    least(
        {{ at_risk_from('customers.last_order_date') }},
        coalesce(spells.lapsed_on, {{ at_risk_from('customers.last_order_date') }})
    ) as slipped_on,
    coalesce(customers.marketing_consent, true) as may_be_contacted,
    latest_contacts.contacted_on,
    latest_contacts.offered_on,
    posts.posted_on,
    referred.customer_id is not null as is_referred,
    {% for component in health_component_names() if component != 'purchase' %}
        {{ 'or ' if not loop.first }}health.health_{{ component }} is not null
    {% endfor %}
        as has_health_beyond_purchases
from {{ ref('int_customers') }} as customers
inner join {{ ref('int_activity_spells') }} as spells
    on
        customers.customer_id = spells.customer_id
        and spells.is_latest_spell
left join second_orders
    on customers.customer_id = second_orders.customer_id
left join latest_contacts
    on customers.customer_id = latest_contacts.customer_id
left join posts
    on customers.customer_id = posts.customer_id
left join {{ ref('int_referred_customers') }} as referred
    on customers.customer_id = referred.customer_id
left join {{ ref('int_customer_health') }} as health
    on customers.customer_id = health.customer_id
