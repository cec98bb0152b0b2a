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
    decides,
    gain_low > 0 as is_better
from {{ source('predictions', 'backtest') }}
where build_id = '{{ build_id() }}'
