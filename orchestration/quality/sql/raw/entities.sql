-- Entities that had rows before and have none now.
select
    coalesce(measured.entity, earlier.entity) as entity,
    coalesce(earlier.rows, 0) as rows_before,
    case when earlier.rows > 0 and coalesce(measured.rows, 0) = 0 then 1 else 0 end as is_missing
from raw_entities as measured
full outer join raw_entities_before as earlier
    on measured.entity = earlier.entity
