-- The stages that the running month leads to are the stages of the customers.
with transitions as (

    select
        to_stage,
        sum(customers) as customers
    from {{ ref('lifecycle_transitions') }}
    where month_start = (select max(months.month_start) from {{ ref('lifecycle_transitions') }} as months)
    group by to_stage

),

stages as (

    select
        lifecycle_stage,
        count(*) as customers
    from {{ ref('customers') }}
    group by lifecycle_stage

)

select
    stages.customers,
    transitions.customers as customers_of_transitions,
    coalesce(stages.lifecycle_stage, transitions.to_stage) as stage
from stages
full outer join transitions
    on stages.lifecycle_stage = transitions.to_stage
where coalesce(stages.customers, 0) <> coalesce(transitions.customers, 0)
