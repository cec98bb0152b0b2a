select
    from_month as month_start,
    stage_before as from_stage,
    lifecycle_stage as to_stage,
    cast(count(*) as bigint) as customers
from {{ ref('int_stage_spells') }}
group by
    from_month,
    stage_before,
    lifecycle_stage
