-- Each rule that reads a file has noted it.
select
    source,
    entity,
    source_file,
    cast(sum(rows_read_typed) as bigint) as rows_read,
    cast(sum(rows_handed_on_typed) as bigint) as rows_handed_on
from {{ source('intake', 'intake_files') }}
group by
    source,
    entity,
    source_file
