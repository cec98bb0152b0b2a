-- A guest of then may be known by a number today: whose row it is, is asked again, as of every raw row.
with handed_out as (

    select
        lists.rule_id,
        lists.taken_at,
        {{ reporting_date('lists.taken_at') }} as taken_date,
        lists.arm,
        lists.variant,
        case when lists.customer_id not like 'guest:%' then lists.customer_id end as customer_id,
        case when lists.customer_id like 'guest:%' then substring(lists.customer_id, 7) end as email_hash
    from {{ source('quality', 'action_lists') }} as lists
    left join {{ source('quality', 'builds') }} as builds
        on lists.build_id = builds.build_id
    left join {{ source('quality', 'builds') }} as this_refresh
        on this_refresh.build_id = '{{ build_id() }}'
    -- A warehouse may have been another shop's.
    where coalesce(builds.shop = this_refresh.shop, true)

)

select
    handed_out.rule_id,
    handed_out.taken_at,
    handed_out.taken_date,
    handed_out.arm,
    handed_out.variant,
    {{ resolved_customer_id('handed_out') | indent(4) }} as customer_id
from handed_out
{{ identity_of('handed_out') }}
