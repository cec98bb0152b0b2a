-- A guest is known by the hash of an e-mail: of one that no customer with a number has, in any entity. Only e-mails of
-- rows without a number could make a guest, so only those are hashed.
with emails as (

    select
        customer_id,
        {{ lower_case('email') }} as email
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
        and not is_superseded
        and email is not null
    union all
    select
        customer_id,
        {{ lower_case('customer_email') }} as email
    from {{ ref('int_current_orders') }}
    where customer_email is not null
    {% for entity in ['stg_activities', 'stg_subscriptions', 'stg_actions_taken'] %}
        union all
        select
            customer_id,
            {{ lower_case('customer_email') }} as email
        from {{ ref(entity) }}
        where
            customer_id is null
            and customer_email is not null
    {% endfor %}

),

emails_without_a_number as (

    select email
    from emails
    where customer_id is null

),

emails_with_and_without_a_number as (

    select distinct with_number.email
    from emails as with_number
    where
        with_number.customer_id is not null
        and with_number.email in (select emails_without_a_number.email from emails_without_a_number)

),

hashes_of_customers as (

    select {{ guest('email') }} as customer_id
    from emails_with_and_without_a_number

),

customers as (
    {% for entity in [
        'int_order_sequence', 'int_customer_attributes', 'int_activities', 'int_subscriptions', 'int_actions_taken',
    ] %}
        select
            '{{ entity }}' as entity,
            customer_id
        from {{ ref(entity) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    customers.entity,
    customers.customer_id
from customers
inner join hashes_of_customers
    on customers.customer_id = hashes_of_customers.customer_id
