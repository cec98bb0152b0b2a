select
    source,
    entity,
    outcome,
    reason,
    cast(rows_typed as bigint) as rows
from {{ source('intake', 'intake_outcomes') }}
