-- Only activities that may have other versions are ranked: most have none, and sorting them all would cost most of a
-- run. Rows without a number are of one event where all that is compared is equal.
with usable_activities as (

    select *
    from {{ ref('stg_activities') }}
    where
        rejection_reason is null
        and not is_after_as_of_date

),

repeated_ids as (

    select
        source_system,
        activity_id
    from usable_activities
    where activity_id is not null
    group by
        source_system,
        activity_id
    having count(*) > 1

),

activities as (

    select
        activities.*,
        {{ resolved_customer_id('activities') | indent(8) }} as resolved_customer_id
    from usable_activities as activities
    {{ identity_of('activities') | indent(4) }}
    left join repeated_ids
        on
            activities.activity_id = repeated_ids.activity_id
            and coalesce(activities.source_system, '') = coalesce(repeated_ids.source_system, '')
    where
        activities.activity_id is null
        or repeated_ids.activity_id is not null

)

select
    activity_id,
    occurred_at,
    activity_date,
    activity_type,
    value,
    channel,
    source_system,
    detail,
    source_file,
    resolved_customer_id as customer_id,
    row_number() over (
        partition by
            source_system,
            activity_id,
            case when activity_id is null then occurred_at end,
            case when activity_id is null then resolved_customer_id end,
            case when activity_id is null then activity_type end,
            case when activity_id is null then value end,
            case when activity_id is null then channel end,
            case when activity_id is null then detail end
        order by
            updated_at desc nulls last,
            occurred_at desc,
            resolved_customer_id desc nulls last,
            activity_type desc,
            value desc nulls last,
            channel desc nulls last,
            detail desc nulls last,
            source_file desc nulls last
    ) as version_rank
from activities
where activity_id is not null or resolved_customer_id is not null
