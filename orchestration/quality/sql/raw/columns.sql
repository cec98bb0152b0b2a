-- How much of each column has a value, beside the build before. Twenty values more or less are chance.
select
    earlier.filled as filled_before,
    measured.rows,
    earlier.entity || '.' || earlier.column_name as column_name,
    coalesce(measured.filled, 0) as filled,
    earlier.filled / nullif(earlier.rows, 0) as filled_share_before,
    coalesce(measured.filled / nullif(measured.rows, 0), 0) as filled_share,
    case when earlier.filled >= 20 and coalesce(measured.filled, 0) = 0 then 1 else 0 end as is_empty_now,
    case
        when measured.filled > 0 and measured.rows * earlier.filled / nullif(earlier.rows, 0) - measured.filled >= 20
            then earlier.filled / nullif(earlier.rows, 0) - coalesce(measured.filled / nullif(measured.rows, 0), 0)
        else 0
    end as filled_share_fall
from raw_columns_before as earlier
left join raw_columns as measured
    on
        earlier.entity = measured.entity
        and earlier.column_name = measured.column_name
-- That a whole entity is gone is another check's.
where
    earlier.entity in (
        select present.entity from raw_entities as present
        where present.rows > 0
    )
order by column_name
