with known_customers as (

    select
        actions_taken.*,
        {{ resolved_customer_id('actions_taken') | indent(8) }} as resolved_customer_id
    from {{ ref('stg_actions_taken') }} as actions_taken
    {{ identity_of('actions_taken') | indent(4) }}

)

select
    rule_id,
    taken_at,
    taken_date,
    arm,
    variant,
    source_file,
    resolved_customer_id as customer_id,
    rejection_reason,
    is_after_as_of_date,
    rejection_reason is null
    and not is_after_as_of_date
    and row_number() over (
        partition by rejection_reason, is_after_as_of_date, resolved_customer_id, rule_id, taken_at
        order by
            arm desc nulls last,
            variant desc nulls last,
            source_file desc nulls last
    ) > 1 as is_superseded
from known_customers
