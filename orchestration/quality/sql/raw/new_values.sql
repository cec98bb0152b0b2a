-- Values of states, channels, currencies and the like that no row had before, each with its rows and amounts.
with known_columns as (

    select
        entity,
        column_name
    from raw_values_before
    group by
        entity,
        column_name

),

column_totals as (

    select
        measured.entity,
        measured.column_name,
        measured.rows,
        greatest(measured.rows - coalesce(earlier.rows, 0), 0) as new_rows
    from raw_columns as measured
    left join raw_columns_before as earlier
        on
            measured.entity = earlier.entity
            and measured.column_name = earlier.column_name

)

select
    measured.value,
    measured.rows,
    column_totals.new_rows,
    measured.entity || '.' || measured.column_name as column_name,
    coalesce(measured.amount, 0) as amount,
    -- Up to four rows are shown, and hold nothing back.
    case
        when earlier.value is not null then 0
        when measured.rows < 5 then least(measured.rows / nullif(column_totals.rows, 0), 0.001)
        else measured.rows / nullif(column_totals.rows, 0)
    end as new_share,
    case
        when earlier.value is null and column_totals.new_rows > 0
            then share_from(measured.rows, greatest(column_totals.new_rows, measured.rows), 20)
        else 0
    end as share_of_new_rows
from raw_values as measured
inner join known_columns
    on
        measured.entity = known_columns.entity
        and measured.column_name = known_columns.column_name
inner join column_totals
    on
        measured.entity = column_totals.entity
        and measured.column_name = column_totals.column_name
left join raw_values_before as earlier
    on
        measured.entity = earlier.entity
        and measured.column_name = earlier.column_name
        and measured.value = earlier.value
order by
    column_name,
    measured.value
