{%- set attributes = ['acquisition_channel', 'country', 'marketing_consent'] + dimensions_of_customers() -%}
with known_customers as (

    select
        customer_id,
        {{ attributes | join(',\n        ') }},
        updated_at,
        {{ lower_case('email') }} as email
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_superseded

),

numbered_customers as (

    select
        customer_id,
        {{ attributes | join(',\n        ') }}
    from known_customers
    where customer_id is not null

),

-- Rows that carry only an e-mail describe the customer whom it belongs to, unless that customer has a row of its own.
customers_by_email as (

    select
        {{ resolved_customer_id('null', 'known_customers.email', 'owners.customer_id') }} as customer_id,
        known_customers.email,
        {% for attribute in attributes %}
            known_customers.{{ attribute }},
        {% endfor %}
        known_customers.updated_at
    from known_customers
    left join {{ ref('int_email_owners') }} as owners
        on known_customers.email = owners.email
    where known_customers.customer_id is null

),

ranked_by_email as (

    select
        customers_by_email.*,
        row_number() over (
            partition by customers_by_email.customer_id
            order by
                customers_by_email.updated_at desc nulls last,
                customers_by_email.email desc
        ) as preference
    from customers_by_email
    left join numbered_customers
        on customers_by_email.customer_id = numbered_customers.customer_id
    where numbered_customers.customer_id is null

)

select
    customer_id,
    {{ attributes | join(',\n    ') }}
from numbered_customers
union all
select
    customer_id,
    {{ attributes | join(',\n    ') }}
from ranked_by_email
where preference = 1
