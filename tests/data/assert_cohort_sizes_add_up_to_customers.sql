-- Every customer is in exactly one cohort of each grain, in exactly one value of each dimension.
with customers as (

    select count(*) as customers
    from {{ ref('customers') }}

),

cohorts as (

    select
        cohort_grain,
        dimension,
        sum(cohort_customers) as customers
    from {{ ref('cohort_retention') }}
    where period_number = 0
    group by
        cohort_grain,
        dimension

)

select
    cohorts.cohort_grain,
    cohorts.dimension,
    cohorts.customers as customers_of_cohorts,
    customers.customers
from customers
left join cohorts
    on true
where coalesce(cohorts.customers, 0) <> customers.customers
