-- What a measure means in English is said once, by the description of its column.
with kpis as (

    select *
    from {{ ref('kpi_definitions') }}

),

definitions as (
    {{ column_descriptions() | indent(4) }}
)

select
    kpis.kpi,
    kpis.mart,
    kpis.unit,
    kpis.name_en,
    kpis.name_de,
    kpis.abbreviation,
    kpis.formula,
    definitions.description as definition_en,
    kpis.definition_de,
    kpis.good_direction
from kpis
left join definitions
    on
        kpis.mart = definitions.mart
        and kpis.kpi = definitions.kpi
