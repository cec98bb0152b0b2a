{{ config(materialized='view') }}

select
    actions_taken.rule_id,
    actions_taken.taken_at,
    actions_taken.arm,
    actions_taken.variant,
    {{ resolved_customer_id('actions_taken') }} as customer_id
from {{ ref('stg_actions_taken') }} as actions_taken
{{ identity_of('actions_taken') }}
where actions_taken.rejection_reason is null
