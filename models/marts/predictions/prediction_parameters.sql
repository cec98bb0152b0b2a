select
    model,
    parameter,
    estimate,
    low,
    high,
    customers
from {{ source('predictions', 'parameters') }}
where build_id = '{{ build_id() }}'
