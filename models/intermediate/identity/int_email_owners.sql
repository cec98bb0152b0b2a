-- Only e-mails of rows without a customer number are looked up, so only those are kept.
with current_orders as (

    select
        customer_id,
        {{ lower_case('customer_email') }} as email
    from {{ ref('int_current_orders') }}
    where customer_email is not null

),

customers as (

    select
        customer_id,
        {{ lower_case('email') }} as email
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_superseded
        and email is not null

),

emails_without_customer_id as (

    select email
    from current_orders
    where customer_id is null
    union
    select email
    from customers
    where customer_id is null
    {% for entity in ['stg_activities', 'stg_subscriptions', 'stg_actions_taken'] %}
        union
        select {{ lower_case('customer_email') }} as email
        from {{ ref(entity) }}
        where rejection_reason is null and customer_id is null
    {% endfor %}

),

pairs as (

    select
        email,
        customer_id
    from current_orders
    where customer_id is not null
    union all
    select
        email,
        customer_id
    from customers
    where customer_id is not null

)

select
    pairs.email,
    min(pairs.customer_id) as customer_id
from pairs
where pairs.email in (select emails_without_customer_id.email from emails_without_customer_id)
group by pairs.email
