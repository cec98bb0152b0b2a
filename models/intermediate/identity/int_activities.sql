-- Rows without a number are of one event where all that is compared is equal.
with known_customers as (

    select
        activities.*,
        {{ resolved_customer_id('activities') | indent(8) }} as resolved_customer_id
    from {{ ref('stg_activities') }} as activities
    {{ identity_of('activities') | indent(4) }}

)

select
    activity_id,
    occurred_at,
    activity_date,
    activity_type,
    value,
    channel,
    source_system,
    detail,
    resolved_customer_id as customer_id,
    rejection_reason,
    is_after_as_of_date,
    rejection_reason is null
    and not is_after_as_of_date
    and (activity_id is not null or resolved_customer_id is not null)
    and row_number() over (
        partition by
            rejection_reason,
            is_after_as_of_date,
            source_system,
            activity_id,
            case when activity_id is null then occurred_at end,
            case when activity_id is null then resolved_customer_id end,
            case when activity_id is null then activity_type end,
            case when activity_id is null then value end,
            case when activity_id is null then channel end,
            case when activity_id is null then detail end
        order by
            updated_at desc nulls last,
            occurred_at desc nulls last,
            resolved_customer_id desc nulls last,
            activity_type desc nulls last,
            value desc nulls last,
            channel desc nulls last,
            detail desc nulls last
    ) > 1 as is_superseded
from known_customers
