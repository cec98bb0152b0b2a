select
    activities.activity_type as signal,
    activities.source_system,
    activities.activity_date as signal_date,
    cast(count(*) as bigint) as events
from {{ ref('int_activities') }} as activities
inner join {{ ref('int_as_of') }} as as_of
    on activities.activity_date <= as_of.as_of_date
where {{ takes_part('activities') }}
group by
    activities.activity_type,
    activities.source_system,
    activities.activity_date
