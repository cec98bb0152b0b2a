select
    entity,
    outcome,
    reason,
    cast(sum(rows) as bigint) as rows
from {{ ref('source_accounting') }}
group by
    entity,
    outcome,
    reason
