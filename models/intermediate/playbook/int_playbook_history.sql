-- The one place that knows where actions of the past are noted: the raw entity, and the lists that were handed out.
with actions as (

    select
        customer_id,
        rule_id,
        taken_at,
        taken_date,
        arm,
        variant
    from {{ ref('int_actions_taken') }}
    where {{ takes_part() }}
    union all
    select
        customer_id,
        rule_id,
        taken_at,
        taken_date,
        arm,
        variant
    from {{ ref('int_actions_handed_out') }}

),

versions as (

    select
        actions.*,
        row_number() over (
            partition by actions.customer_id, actions.rule_id, actions.taken_at
            order by
                actions.arm desc nulls last,
                actions.variant desc nulls last
        ) as version_rank
    from actions
    inner join {{ ref('int_as_of') }} as as_of
        on actions.taken_date <= as_of.as_of_date

)

select
    customer_id,
    rule_id,
    taken_at,
    taken_date,
    arm,
    variant
from versions
where version_rank = 1
