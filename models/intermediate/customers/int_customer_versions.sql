{%- set attributes = [
    'acquisition_channel', 'country', 'marketing_consent', 'loyalty_tier', 'referrer_number', 'referrer_email_hash',
] + further_columns_of_customers() -%}
-- Rows that carry only an e-mail describe the customer whom it belongs to, unless that one has a row with a number.
with known_customers as (

    select
        customers.*,
        {{ resolved_customer_id('customers') }} as resolved_customer_id
    from {{ ref('stg_customers') }} as customers
    {{ identity_of('customers') }}
    where {{ takes_part('customers') }}

)

select
    resolved_customer_id as customer_id,
    {{ attributes | join(',\n    ') }},
    {{ reporting_date('created_at') }} as created_date,
    source_file,
    row_number() over (
        partition by resolved_customer_id
        order by
            case when customer_id is null then 1 else 0 end,
            {{ customer_version_order() }}
    ) as version_rank
from known_customers
