-- By default only e-mails of rows without a customer number are looked up, so only those are kept.
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
        {{ takes_part() }}
        and email is not null

),

looked_up_emails as (

    select email
    from current_orders
    where customer_id is null
    union
    select email
    from customers
    where customer_id is null
    union
    select {{ lower_case('customer_email') }} as email
    from {{ ref('int_order_versions') }}
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
{% if var('identity_by') == 'customer_id' %}
    where pairs.email in (select looked_up_emails.email from looked_up_emails)
{% endif %}
group by pairs.email
