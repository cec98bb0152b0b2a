select
    rejection_reason,
    source_file,
    malformed_line,
    raw_values['refund_id'] as refund_id,
    raw_values['order_id'] as order_id,
    raw_values['refunded_at'] as refunded_at,
    raw_values['amount'] as amount,
    raw_values['updated_at'] as updated_at
from {{ ref('int_refunds') }}
where rejection_reason <> 'erased'
