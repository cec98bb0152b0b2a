{{ config(materialized='view') }}

select
    actions_taken.rule_id,
    actions_taken.taken_at,
    actions_taken.arm,
    actions_taken.variant,
    {{ resolved_customer_id('actions_taken.customer_id', 'actions_taken.customer_email', 'owners.customer_id') }}
        as customer_id
from {{ ref('stg_actions_taken') }} as actions_taken
left join {{ ref('int_email_owners') }} as owners
    on {{ email_to_look_up('actions_taken.customer_id', 'actions_taken.customer_email') }} = owners.email
where actions_taken.rejection_reason is null
