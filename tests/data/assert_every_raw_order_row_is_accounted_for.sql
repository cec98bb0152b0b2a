-- Nothing is lost: raw rows = counted + excluded + quarantined + superseded.
with raw_rows as (

    select count(*) as number_of_rows
    from {{ source('raw', 'orders') }}

),

counted as (

    select count(*) as number_of_rows
    from {{ ref('int_order_sequence') }}

),

excluded as (

    select count(*) as number_of_rows
    from {{ ref('excluded_orders') }}

),

quarantined as (

    select count(*) as number_of_rows
    from {{ ref('quarantined_orders') }}

),

superseded as (

    select count(*) as number_of_rows
    from {{ ref('superseded_orders') }}

)

select
    raw_rows.number_of_rows as raw_rows,
    counted.number_of_rows as counted_rows,
    excluded.number_of_rows as excluded_rows,
    quarantined.number_of_rows as quarantined_rows,
    superseded.number_of_rows as superseded_rows
from raw_rows
cross join counted
cross join excluded
cross join quarantined
cross join superseded
where
    raw_rows.number_of_rows
    <> counted.number_of_rows + excluded.number_of_rows + quarantined.number_of_rows + superseded.number_of_rows
