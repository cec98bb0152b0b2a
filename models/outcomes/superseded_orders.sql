with versions as (

    select
        orders.*,
        {{ resolved_customer_id('orders') }} as resolved_customer_id
    from {{ ref('int_order_versions') }} as orders
    {{ identity_of('orders') }}

),

winners as (

    select *
    from versions
    where version_rank = 1

),

superseded as (

    select *
    from versions
    where version_rank > 1

)

select
    superseded.order_id,
    superseded.customer_id,
    superseded.email_hash,
    superseded.ordered_at,
    superseded.order_date,
    superseded.updated_at,
    superseded.currency,
    superseded.amount,
    superseded.refunded_amount,
    superseded.discount_amount,
    {{ net_amount(
        'superseded.amount', 'least(superseded.refunded_amount, superseded.amount)', 'superseded.exchange_rate'
    ) }} as net_amount,
    superseded.status,
    superseded.sales_channel,
    superseded.is_test,
    superseded.source_file,
    superseded.version_rank,
    case
        when
            coalesce(superseded.resolved_customer_id, '') = coalesce(winners.resolved_customer_id, '')
            and superseded.ordered_at = winners.ordered_at
            and superseded.amount = winners.amount
            and superseded.refunded_amount = winners.refunded_amount
            and superseded.currency = winners.currency
            and coalesce(superseded.status, '') = coalesce(winners.status, '')
            then 'duplicate'
        when
            winners.updated_at > superseded.updated_at
            or (winners.updated_at is not null and superseded.updated_at is null)
            then 'older_version'
        else 'conflict'
    end as superseded_reason
from superseded
inner join winners
    on superseded.order_id = winners.order_id
