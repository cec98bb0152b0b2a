{{ config(materialized='view') }}

{%- set columns = [
    'order_id', 'customer_id', 'customer_email', 'ordered_at', 'order_date', 'updated_at', 'currency', 'amount',
    'refunded_amount', 'discount_amount', 'net_amount', 'status', 'sales_channel', 'is_test', 'source_file',
] -%}
with repeated_order_ids as (

    select order_id
    from {{ ref('int_order_versions') }}
    where version_rank = 1

),

orders_with_one_version as (

    select
        {{ columns | join(',\n        ') }}
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}
        and order_id not in (select repeated_order_ids.order_id from repeated_order_ids)

),

winning_versions as (

    select
        {{ columns | join(',\n        ') }}
    from {{ ref('int_order_versions') }}
    where version_rank = 1

),

current_orders as (

    select * from orders_with_one_version
    union all
    select * from winning_versions

)

select
    {{ columns | join(',\n    ') }},
    case
        when is_test then 'test_order'
        when lower(status) in ({{ excluded_statuses() }}) then 'status'
        {%- if not var('count_fully_refunded') %}
            when refunded_amount = amount and amount > 0 then 'fully_refunded'
        {%- endif %}
    end as exclusion_reason
from current_orders
