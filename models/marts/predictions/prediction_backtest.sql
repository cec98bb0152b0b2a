select
    model,
    as_of_date,
    measure,
    bucket,
    expected,
    actual,
    rival,
    customers,
    gain,
    gain_low,
    gain_high,
    gain_low > 0 as is_better,
    decides
from {{ source('predictions', 'backtest') }}
where build_id = '{{ build_id() }}'
