{%- set state = ['lifecycle_stage', 'rfm_segment', 'health_band', 'health_score'] -%}
-- The records are those of the published build. Where that is of another shop, nothing of them is read.
with published_build_of_another_shop as (

    select published.build_id
    from {{ source('quality', 'builds') }} as published
    inner join {{ source('quality', 'builds') }} as this_refresh
        on
            this_refresh.build_id = '{{ build_id() }}'
            and published.shop <> this_refresh.shop
    where
        published.outcome = 'published'
        and published.build_number = (
            select max(builds.build_number)
            from {{ source('quality', 'builds') }} as builds
            where builds.outcome = 'published'
        )

),

-- Rows of as_of_date itself are of an earlier run of that day, which this one replaces.
states_before as (

    select
        states.as_of_date,
        states.customer_id,
        states.{{ state | join(',\n        states.') }},
        lead(states.as_of_date) over (
            partition by states.customer_id
            order by states.as_of_date
        ) as valid_to
    from {{ source('quality', 'customer_states') }} as states
    inner join {{ ref('int_as_of') }} as as_of
        on states.as_of_date < as_of.as_of_date
    where (select count(*) from published_build_of_another_shop) = 0

),

-- Who is no longer among the customers has nulls in all of the state.
changes as (

    select
        as_of.as_of_date,
        coalesce(customers.customer_id, latest.customer_id) as customer_id,
        customers.{{ state | join(',\n        customers.') }}
    from (
        select
            customer_id,
            {{ state | join(',\n            ') }}
        from states_before
        where valid_to is null
    ) as latest
    full outer join {{ ref('customers') }} as customers
        on latest.customer_id = customers.customer_id
    cross join {{ ref('int_as_of') }} as as_of
    where
        latest.lifecycle_stage is distinct from customers.lifecycle_stage
        or latest.rfm_segment is distinct from customers.rfm_segment
        or latest.health_band is distinct from customers.health_band

)

select
    states_before.as_of_date,
    states_before.customer_id,
    states_before.{{ state | join(',\n    states_before.') }},
    coalesce(states_before.valid_to, changes.as_of_date) as valid_to
from states_before
left join changes
    on states_before.customer_id = changes.customer_id
union all
select
    as_of_date,
    customer_id,
    {{ state | join(',\n    ') }},
    cast(null as date) as valid_to
from changes
