{{ config(materialized='view') }}

select
    source_file,
    rejection_reason,
    is_after_as_of_date,
    is_superseded
from {{ ref('stg_customers') }}
where rejection_reason is not null or is_after_as_of_date or is_superseded
union all
select
    source_file,
    null as rejection_reason,
    false as is_after_as_of_date,
    version_rank > 1 as is_superseded
from {{ ref('int_customer_versions') }}
