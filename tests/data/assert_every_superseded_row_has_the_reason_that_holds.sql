-- Superseded rows of an order and their reasons, told from what stands in them and in the row that counts: a duplicate
-- agrees in all figures, an older version was written earlier or nobody knows when, a conflict never was.
select
    superseded.order_id,
    superseded.version_rank,
    superseded.superseded_reason
from {{ ref('superseded_orders') }} as superseded
left join {{ ref('int_order_versions') }} as winners
    on
        superseded.order_id = winners.order_id
        and winners.version_rank = 1
where
    winners.order_id is null
    or superseded.updated_at > winners.updated_at
    or (superseded.updated_at is not null and winners.updated_at is null)
    or (
        superseded.superseded_reason = 'duplicate'
        and (
            superseded.ordered_at <> winners.ordered_at
            or superseded.amount <> winners.amount
            or superseded.refunded_amount <> winners.refunded_amount
            or superseded.currency <> winners.currency
            or coalesce(superseded.status, '') <> coalesce(winners.status, '')
        )
    )
    or (
        superseded.superseded_reason = 'older_version'
        and (
            winners.updated_at is null
            or superseded.updated_at = winners.updated_at
        )
    )
    or (
        superseded.superseded_reason = 'conflict'
        and (
            superseded.updated_at < winners.updated_at
            or (superseded.updated_at is null and winners.updated_at is not null)
        )
    )
