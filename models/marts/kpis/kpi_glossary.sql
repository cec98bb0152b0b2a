select
    kpi,
    mart,
    unit,
    name_en,
    name_de,
    abbreviation,
    formula,
    definition_en,
    definition_de,
    good_direction
from {{ ref('kpi_definitions') }}
