{{ config(materialized='view') }}

select
    activities.customer_id,
    activities.activity_date as event_date,
    activities.activity_type as event_type,
    cast(count(*) as bigint) as events
from {{ ref('int_activities') }} as activities
inner join {{ ref('int_as_of') }} as as_of
    on
        activities.activity_date <= as_of.as_of_date
        and activities.activity_date > {{ add_days('as_of.as_of_date', -365) }}
where
    {{ takes_part('activities') }}
    and activities.customer_id is not null
    and activities.activity_type in ({{ literals(activity_types_counted_by_day()) }})
group by
    activities.customer_id,
    activities.activity_date,
    activities.activity_type
