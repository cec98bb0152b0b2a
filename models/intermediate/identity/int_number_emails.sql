-- Only where customers are known by e-mail (identity_by) does a number that stands alone have the e-mail of the number.
with emails_of_customers as (

    select
        customer_id,
        {{ lower_case('email') }} as email
    from {{ ref('stg_customers') }}
    where
        {{ takes_part() }}
        and customer_id is not null
        and email is not null

),

emails_of_orders as (

    select
        customer_id,
        {{ lower_case('customer_email') }} as email,
        row_number() over (
            partition by customer_id
            order by ordered_at desc, order_id desc
        ) as recency
    from {{ ref('int_current_orders') }}
    where
        customer_id is not null
        and customer_email is not null

),

number_emails as (

    select
        customer_id,
        email
    from emails_of_customers
    union all
    select
        customer_id,
        email
    from emails_of_orders
    where
        recency = 1
        and customer_id not in (select emails_of_customers.customer_id from emails_of_customers)

)

select
    customer_id,
    email
from number_emails
where '{{ var("identity_by") }}' = 'email'
