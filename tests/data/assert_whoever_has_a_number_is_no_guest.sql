-- A guest is known by the hash of an e-mail: of one that no customer with a number has, in any entity.
with hashes_of_customers as (

    select {{ guest('email') }} as customer_id
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
        and not is_superseded
        and customer_id is not null
    union
    select {{ guest('customer_email') }} as customer_id
    from {{ ref('int_current_orders') }}
    where customer_id is not null

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
