{{ config(materialized='view') }}

select
    subscriptions.subscription_id,
    subscriptions.started_at,
    subscriptions.ended_at,
    subscriptions.monthly_amount,
    subscriptions.currency,
    subscriptions.cancellation_reason,
    {{ resolved_customer_id('subscriptions') }} as customer_id
from {{ ref('stg_subscriptions') }} as subscriptions
{{ identity_of('subscriptions') }}
where subscriptions.rejection_reason is null
