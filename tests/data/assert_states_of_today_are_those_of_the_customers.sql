-- On as_of_date every customer, and nobody else, has the state in the history that `customers` says.
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}

),

states as (

    select states.*
    from {{ customer_states_on('(select as_of.as_of_date from as_of)') }} as states

)

select
    states.customer_id as customer_id_of_states,
    customers.customer_id
from states
full outer join {{ ref('customers') }} as customers
    on states.customer_id = customers.customer_id
where
    states.lifecycle_stage is distinct from customers.lifecycle_stage
    or states.rfm_segment is distinct from customers.rfm_segment
    or states.health_band is distinct from customers.health_band
