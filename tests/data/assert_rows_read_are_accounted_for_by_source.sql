-- Nothing is lost on the way from a file: per source and entity, the lines of its files are all there under some
-- outcome. Files that need no conversion have no lines in intake_files: their rows are counted by entity, in
-- assert_every_raw_row_is_accounted_for. And the sources together are what row_accounting says.
with read_lines as (

    select
        source,
        entity,
        sum(rows_read) as expected_rows
    from {{ ref('stg_intake_files') }}
    group by
        source,
        entity

),

accounted as (

    select
        source,
        entity,
        sum(rows) as accounted_rows
    from {{ ref('source_accounting') }}
    group by
        source,
        entity

),

of_sources as (

    select
        read_lines.source,
        read_lines.entity,
        read_lines.expected_rows,
        coalesce(accounted.accounted_rows, 0) as accounted_rows
    from read_lines
    left join accounted
        on
            read_lines.source = accounted.source
            and read_lines.entity = accounted.entity

),

of_outcomes as (

    select
        outcome,
        entity,
        sum(rows) as rows,
        sum(rows_of_sources) as rows_of_sources
    from (
        select
            outcome,
            entity,
            rows,
            0 as rows_of_sources
        from {{ ref('row_accounting') }}
        union all
        select
            outcome,
            entity,
            0 as rows,
            rows as rows_of_sources
        from {{ ref('source_accounting') }}
    ) as both_marts
    group by
        outcome,
        entity

)

select
    source,
    entity,
    expected_rows,
    accounted_rows
from of_sources
where expected_rows <> accounted_rows
union all
select
    'all sources: ' || outcome as source,
    entity,
    rows as expected_rows,
    rows_of_sources as accounted_rows
from of_outcomes
where rows <> rows_of_sources
