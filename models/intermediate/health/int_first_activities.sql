-- Whether a shop has a signal on a day is asked of its customers' activities alone.
select
    activity_type,
    min(activity_date) as first_date
from {{ ref('int_activities') }}
where
    {{ takes_part() }}
    and customer_id is not null
group by activity_type
