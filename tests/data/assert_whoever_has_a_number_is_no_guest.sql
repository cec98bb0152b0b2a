-- A guest is known by the hash of an e-mail: of one that no customer with a number has, in any entity. Only e-mails of
-- rows without a number could make a guest.
with emails as (

    select
        customer_id,
        email_hash
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
        and not is_superseded
        and email_hash is not null
    union all
    select
        customer_id,
        email_hash
    from {{ ref('int_current_orders') }}
    where email_hash is not null
    {% for entity in ['stg_activities', 'stg_subscriptions', 'stg_actions_taken'] %}
        union all
        select
            customer_id,
            email_hash
        from {{ ref(entity) }}
        where
            customer_id is null
            and email_hash is not null
    {% endfor %}

),

emails_without_a_number as (

    select email_hash
    from emails
    where customer_id is null

),

emails_with_and_without_a_number as (

    select distinct with_number.email_hash
    from emails as with_number
    where
        with_number.customer_id is not null
        and with_number.email_hash in (select emails_without_a_number.email_hash from emails_without_a_number)

),

hashes_of_customers as (

    select {{ guest('email_hash') }} as customer_id
    from emails_with_and_without_a_number

),

customers as (
    {% for entity, can_be_used in [
        ('int_order_sequence', 'true'),
        ('int_customer_attributes', 'true'),
        ('int_activities', 'rejection_reason is null'),
        ('int_subscriptions', 'true'),
        ('int_actions_taken', 'rejection_reason is null'),
    ] %}
        select
            '{{ entity }}' as entity,
            customer_id
        from {{ ref(entity) }}
        where {{ can_be_used }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    customers.entity,
    customers.customer_id
from customers
inner join hashes_of_customers
    on customers.customer_id = hashes_of_customers.customer_id
