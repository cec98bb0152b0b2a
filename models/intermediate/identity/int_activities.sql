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
    {{ resolved_customer_id('activities') }} as customer_id
from {{ ref('stg_activities') }} as activities
{{ identity_of('activities') }}
where activities.rejection_reason is null
