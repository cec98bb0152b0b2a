-- The export of orders beside the one before. Dates are null where they cannot be read before dbt has run.
select
    measured.first_date,
    earlier.first_date as first_date_before,
    measured.last_date,
    earlier.last_date as last_date_before,
    'orders' as entity,
    coalesce(measured.rows, 0) as rows,
    coalesce(earlier.rows, 0) as rows_before,
    coalesce(measured.rows, 0) / nullif(earlier.rows, 0) as rows_ratio,
    case
        when measured.first_date > earlier.first_date then measured.first_date - earlier.first_date
        when measured.first_date <= earlier.first_date then 0
    end as days_missing_at_the_start,
    case
        when measured.last_date < earlier.last_date then earlier.last_date - measured.last_date
        when measured.last_date >= earlier.last_date then 0
    end as days_missing_at_the_end
from raw_entities as measured
full outer join raw_entities_before as earlier
    on measured.entity = earlier.entity
where coalesce(measured.entity, earlier.entity) = 'orders'
