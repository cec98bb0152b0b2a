-- How old the latest order is on the day of the refresh.
select
    entity,
    last_date,
    getvariable('today') - last_date as days_old
from raw_entities
where
    entity = 'orders'
    and last_date is not null
