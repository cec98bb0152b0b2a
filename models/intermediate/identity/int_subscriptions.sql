{{ config(materialized='view') }}

select
    subscriptions.subscription_id,
    subscriptions.started_at,
    subscriptions.ended_at,
    subscriptions.monthly_amount,
    subscriptions.currency,
    subscriptions.cancellation_reason,
    {{ resolved_customer_id('subscriptions.customer_id', 'subscriptions.customer_email', 'owners.customer_id') }}
        as customer_id
from {{ ref('stg_subscriptions') }} as subscriptions
left join {{ ref('int_email_owners') }} as owners
    on {{ email_to_look_up('subscriptions.customer_id', 'subscriptions.customer_email') }} = owners.email
where subscriptions.rejection_reason is null
