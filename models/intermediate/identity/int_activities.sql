{{ config(materialized='view') }}

select
    activities.activity_id,
    activities.occurred_at,
    activities.activity_date,
    activities.activity_type,
    activities.value,
    activities.channel,
    activities.source_system,
    activities.detail,
    {{ resolved_customer_id('activities.customer_id', 'activities.customer_email', 'owners.customer_id') }}
        as customer_id
from {{ ref('stg_activities') }} as activities
left join {{ ref('int_email_owners') }} as owners
    on {{ email_to_look_up('activities.customer_id', 'activities.customer_email') }} = owners.email
where activities.rejection_reason is null
