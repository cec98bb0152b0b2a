{{ config(materialized='view') }}

{%- set attributes = [
    'acquisition_channel', 'country', 'marketing_consent', 'loyalty_tier',
] + further_columns_of_customers() %}

select
    customer_id,
    {{ attributes | join(',\n    ') }}
from {{ ref('int_customer_versions') }}
where version_rank = 1
