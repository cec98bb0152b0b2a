with not_yet_known as (

    select
        orders.*,
        {{ net_amount(
            'orders.amount', 'least(orders.refunded_amount, orders.amount)', 'orders.exchange_rate'
        ) }} as net_amount,
        'after_as_of_date' as exclusion_reason
    from {{ ref('stg_orders') }} as orders
    where
        orders.rejection_reason is null
        and {{ is_after_as_of_date('orders.order_date', 'orders.updated_date') }}

),

-- With the setting erased_orders: removed.
erased as (

    select
        orders.*,
        {{ net_amount(
            'orders.amount', 'least(orders.refunded_amount, orders.amount)', 'orders.exchange_rate'
        ) }} as net_amount,
        'erased' as exclusion_reason
    from {{ ref('stg_orders') }} as orders
    where orders.rejection_reason = 'erased'

),

not_counted as (

    select *
    from {{ ref('int_current_orders') }}
    where exclusion_reason is not null

)

{% for cte in ['not_yet_known', 'erased', 'not_counted'] %}
    select
        exclusion_reason,
        order_id,
        customer_id,
        email_hash,
        ordered_at,
        order_date,
        updated_at,
        currency,
        amount,
        refunded_amount,
        discount_amount,
        net_amount,
        status,
        sales_channel,
        is_test,
        source_file
    from {{ cte }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
