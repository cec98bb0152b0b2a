with refunds as (

    select *
    from {{ ref('stg_refunds') }}

),

-- An order is known if one of its rows can be used, and stays known if one of those is not left out for its date.
refunded_orders as (

    select
        order_id,
        min(case when {{ is_after_as_of_date('order_date', 'updated_date') }} then 1 else 0 end) = 1
            as is_after_as_of_date,
        min(case when rejection_reason = 'erased' then 1 else 0 end) = 1 as is_erased
    from {{ ref('stg_orders') }}
    where
        (rejection_reason is null or rejection_reason = 'erased')
        and order_id in (
            select refunds.order_id
            from refunds
            where refunds.rejection_reason is null
        )
    group by order_id

),

judged as (

    select
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.amount,
        refunds.updated_at,
        refunds.source_file,
        refunds.malformed_line,
        refunds.raw_values,
        case
            when refunds.rejection_reason is not null then refunds.rejection_reason
            when refunded_orders.order_id is null then 'unknown_order'
            when refunded_orders.is_erased then 'erased'
        end as rejection_reason,
        {{ is_after_as_of_date('refunds.refund_date') }}
        or coalesce(refunded_orders.is_after_as_of_date, false) as is_after_as_of_date
    from refunds
    left join refunded_orders
        on refunds.order_id = refunded_orders.order_id

)

select
    refund_id,
    order_id,
    refunded_at,
    amount,
    updated_at,
    source_file,
    malformed_line,
    raw_values,
    rejection_reason,
    is_after_as_of_date,
    rejection_reason is null
    and not is_after_as_of_date
    and refund_id is not null
    and row_number() over (
        partition by order_id, refund_id, rejection_reason, is_after_as_of_date
        order by
            updated_at desc nulls last,
            amount desc,
            refunded_at desc nulls last,
            source_file desc nulls last
    ) > 1 as is_superseded
from judged
