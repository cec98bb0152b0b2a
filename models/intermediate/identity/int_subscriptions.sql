with known_customers as (

    select
        subscriptions.*,
        {{ resolved_customer_id('subscriptions') }} as resolved_customer_id
    from {{ ref('stg_subscriptions') }} as subscriptions
    {{ identity_of('subscriptions') }}

)

select
    subscription_id,
    start_date,
    end_date,
    converted_monthly_amount,
    cancellation_reason,
    source_file,
    resolved_customer_id as customer_id,
    rejection_reason,
    is_after_as_of_date,
    rejection_reason is null
    and not is_after_as_of_date
    and row_number() over (
        partition by rejection_reason, is_after_as_of_date, subscription_id, start_date
        order by
            updated_at desc nulls last,
            ended_at desc nulls last,
            monthly_amount desc nulls last,
            currency desc nulls last,
            resolved_customer_id desc nulls last,
            cancellation_reason desc nulls last,
            source_file desc nulls last
    ) > 1 as is_superseded
from known_customers
