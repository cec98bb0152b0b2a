with known_customers as (

    select
        {{ resolved_customer_id('customers.customer_id', 'customers.email', 'owners.customer_id') }} as customer_id,
        customers.customer_id is not null as has_customer_number,
        customers.acquisition_channel,
        customers.country,
        customers.marketing_consent,
        customers.updated_at,
        customers.email
    from {{ ref('stg_customers') }} as customers
    left join {{ ref('int_email_owners') }} as owners
        on
            case when customers.customer_id is null then lower(customers.email) end = owners.email
    where
        customers.rejection_reason is null
        and not customers.is_superseded

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                case when has_customer_number then 0 else 1 end,
                updated_at desc nulls last,
                email desc nulls last
        ) as preference
    from known_customers

)

select
    customer_id,
    acquisition_channel,
    country,
    marketing_consent
from ranked
where preference = 1
