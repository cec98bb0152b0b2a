-- The exports of all other entities beside those before.
select
    earlier.entity,
    earlier.rows as rows_before,
    coalesce(measured.rows, 0) as rows,
    coalesce(measured.rows, 0) / earlier.rows as rows_ratio
from raw_entities_before as earlier
left join raw_entities as measured
    on earlier.entity = measured.entity
where
    earlier.entity <> 'orders'
    and earlier.rows > 0
