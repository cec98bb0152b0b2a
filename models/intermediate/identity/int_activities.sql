{{ config(materialized='view') }}

{%- set columns = [
    'activity_id', 'occurred_at', 'activity_date', 'activity_type', 'value', 'channel', 'source_system', 'detail',
    'source_file',
] -%}
-- A view: written down once more, the longest of all tables would cost as much as all that is made of it.
with repeated_ids as (

    select distinct
        source_system,
        activity_id
    from {{ ref('int_activity_versions') }}
    where activity_id is not null

),

activities as (

    select
        activities.*,
        {{ resolved_customer_id('activities') | indent(8) }} as resolved_customer_id,
        repeated_ids.activity_id is not null as is_repeated
    from {{ ref('stg_activities') }} as activities
    {{ identity_of('activities') | indent(4) }}
    left join repeated_ids
        on
            activities.activity_id = repeated_ids.activity_id
            and coalesce(activities.source_system, '') = coalesce(repeated_ids.source_system, '')

)

select
    {{ columns | join(',\n    ') }},
    resolved_customer_id as customer_id,
    rejection_reason,
    is_after_as_of_date,
    false as is_superseded
from activities
where
    rejection_reason is not null
    or is_after_as_of_date
    or not is_repeated and (activity_id is not null or resolved_customer_id is null)
union all
select
    {{ columns | join(',\n    ') }},
    customer_id,
    null as rejection_reason,
    false as is_after_as_of_date,
    version_rank > 1 as is_superseded
from {{ ref('int_activity_versions') }}
