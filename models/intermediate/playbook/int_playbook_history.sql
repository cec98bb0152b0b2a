-- The one place that knows where actions of the past are noted.
select
    actions_taken.customer_id,
    actions_taken.rule_id,
    actions_taken.taken_at,
    actions_taken.taken_date,
    actions_taken.arm,
    actions_taken.variant
from {{ ref('int_actions_taken') }} as actions_taken
inner join {{ ref('int_as_of') }} as as_of
    on actions_taken.taken_date <= as_of.as_of_date
where {{ takes_part('actions_taken') }}
