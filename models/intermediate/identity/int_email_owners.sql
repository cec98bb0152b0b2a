-- By default only e-mails of rows without a customer number are looked up, so only those are kept.
with current_orders as (

    select
        customer_id,
        email_hash
    from {{ ref('int_current_orders') }}
    where email_hash is not null

),

customers as (

    select
        customer_id,
        email_hash
    from {{ ref('stg_customers') }}
    where
        {{ takes_part() }}
        and email_hash is not null

),

looked_up_emails as (

    select email_hash
    from current_orders
    where customer_id is null
    union
    select email_hash
    from customers
    where customer_id is null
    union
    select referrer_email_hash
    from {{ ref('stg_customers') }}
    where {{ takes_part() }} and referrer_email_hash is not null
    union
    select email_hash
    from {{ ref('int_order_versions') }}
    where customer_id is null
    {% for entity in ['stg_activities', 'stg_subscriptions', 'stg_actions_taken'] %}
        union
        select email_hash
        from {{ ref(entity) }}
        where rejection_reason is null and customer_id is null
    {% endfor %}

),

pairs as (

    select
        email_hash,
        customer_id
    from current_orders
    where customer_id is not null
    union all
    select
        email_hash,
        customer_id
    from customers
    where customer_id is not null

)

select
    pairs.email_hash,
    min(pairs.customer_id) as customer_id
from pairs
{% if var('identity_by') == 'customer_id' %}
    where pairs.email_hash in (select looked_up_emails.email_hash from looked_up_emails)
{% endif %}
group by pairs.email_hash
