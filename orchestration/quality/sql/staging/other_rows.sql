-- How many raw rows of every other entity cannot be used.
select
    entity,
    sum(rows) as rows,
    sum(case when outcome = 'quarantined' then rows else 0 end) as quarantined,
    sum(case when outcome = 'quarantined' then rows else 0 end) / nullif(sum(rows), 0) as quarantined_share
from row_accounting
where
    entity <> 'orders'
    and is_raw_row(outcome)
group by entity
