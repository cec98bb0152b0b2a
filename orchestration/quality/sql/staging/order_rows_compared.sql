-- The share of order rows that cannot be used, now and before.
with measured as (

    select sum(case when outcome = 'quarantined' then rows else 0 end) / nullif(sum(rows), 0) as quarantined_share
    from row_accounting
    where
        entity = 'orders'
        and is_raw_row(outcome)

),

earlier as (

    select sum(case when outcome = 'quarantined' then rows else 0 end) / nullif(sum(rows), 0) as quarantined_share
    from row_accounting_before
    where
        entity = 'orders'
        and is_raw_row(outcome)

)

select
    'orders' as entity,
    measured.quarantined_share,
    earlier.quarantined_share as quarantined_share_before,
    measured.quarantined_share - earlier.quarantined_share as quarantined_share_rise
from measured
cross join earlier
