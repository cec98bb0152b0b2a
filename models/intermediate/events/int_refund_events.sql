{{ config(materialized='view') }}

with refunds as (

    select
        refunds.order_id,
        refunds.refunded_at,
        refunds.amount,
        {{ reporting_date('refunds.refunded_at') }} as refund_date
    from {{ ref('int_refunds') }} as refunds
    where
        {{ takes_part('refunds') }}
        and refunds.refunded_at is not null

)

select
    orders.customer_id,
    orders.order_id,
    refunds.refund_date as event_date,
    refunds.refunded_at as occurred_at,
    case
        when orders.currency = upper('{{ var("reporting_currency") }}') then cast(refunds.amount as decimal(18, 2))
        else {{ converted_amount('refunds.amount', 'rates.rate') }}
    end as amount
from refunds
inner join {{ ref('int_as_of') }} as as_of
    on refunds.refund_date <= as_of.as_of_date
inner join {{ ref('int_order_sequence') }} as orders
    on refunds.order_id = orders.order_id
left join {{ ref('stg_daily_exchange_rates') }} as rates
    on
        orders.currency = rates.currency
        and orders.order_date = rates.rate_date
where orders.customer_id is not null
