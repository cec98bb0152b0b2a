-- Only where customers are known by e-mail (identity_by) does a number that stands alone have the e-mail of the number.
with emails_of_customers as (

    select
        customer_id,
        email_hash
    from {{ ref('stg_customers') }}
    where
        {{ takes_part() }}
        and customer_id is not null
        and email_hash is not null

),

emails_of_orders as (

    select
        customer_id,
        email_hash,
        row_number() over (
            partition by customer_id
            order by ordered_at desc, order_id desc
        ) as recency
    from {{ ref('int_current_orders') }}
    where
        customer_id is not null
        and email_hash is not null

),

number_emails as (

    select
        customer_id,
        email_hash
    from emails_of_customers
    union all
    select
        customer_id,
        email_hash
    from emails_of_orders
    where
        recency = 1
        and customer_id not in (select emails_of_customers.customer_id from emails_of_customers)

)

select
    customer_id,
    email_hash
from number_emails
where '{{ var("identity_by") }}' = 'email'
