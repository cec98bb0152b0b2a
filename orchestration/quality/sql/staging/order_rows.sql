-- How many raw rows of orders cannot be used, and how many contradict the row that counts instead.
select
    entity,
    sum(rows) as rows,
    sum(case when outcome = 'quarantined' then rows else 0 end) as quarantined,
    sum(case when outcome = 'quarantined' then rows else 0 end) / nullif(sum(rows), 0) as quarantined_share,
    sum(case when reason = 'conflict' then rows else 0 end) as conflicting,
    sum(case when reason = 'conflict' then rows else 0 end) / nullif(sum(rows), 0) as conflicting_share
from row_accounting
where
    entity = 'orders'
    and is_raw_row(outcome)
group by entity
