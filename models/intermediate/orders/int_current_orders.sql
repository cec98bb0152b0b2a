{{ config(materialized='view') }}

{%- set columns = [
    'order_id', 'customer_id', 'email_hash', 'ordered_at', 'order_date', 'updated_at', 'currency', 'exchange_rate', 'amount',
    'refunded_amount', 'discount_amount', 'status', 'sales_channel', 'is_test', 'source_file',
] -%}
{%- set unchanged_columns = columns | reject('equalto', 'refunded_amount') | list %}
with repeated_order_ids as (

    select order_id
    from {{ ref('int_order_versions') }}
    where version_rank = 1

),

winning_versions as (

    select
        {{ columns | join(',\n        ') }}
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}
        and order_id not in (select repeated_order_ids.order_id from repeated_order_ids)
    union all
    select
        {{ columns | join(',\n        ') }}
    from {{ ref('int_order_versions') }}
    where version_rank = 1

),

-- The order and the rows of refunds may hold the same refunds: the larger sum counts.
with_refunds as (

    select
        orders.{{ unchanged_columns | join(',\n        orders.') }},
        cast(
            least(orders.amount, greatest(orders.refunded_amount, coalesce(refunds.refunded_amount, 0)))
            as decimal(18, 4)
        ) as known_refunds
    from winning_versions as orders
    left join {{ ref('int_order_refunds') }} as refunds
        on orders.order_id = refunds.order_id

),

-- A figure, even of a part, goes before the word: the state tells only where there is none.
refunded as (

    select
        {{ unchanged_columns | join(',\n        ') }},
        case
            when known_refunds = 0 and {{ lower_case('status') }} in ({{ refunded_statuses() }}) then amount
            else known_refunds
        end as refunded_amount
    from with_refunds

)

select
    {{ columns | join(',\n    ') }},
    {{ net_amount('amount', 'refunded_amount', 'exchange_rate') }} as net_amount,
    case
        when is_test then 'test_order'
        when {{ lower_case('status') }} in ({{ excluded_statuses() }}) then 'status'
        {%- if not var('count_fully_refunded') %}
            when refunded_amount = amount and amount > 0 then 'fully_refunded'
        {%- endif %}
    end as exclusion_reason
from refunded
