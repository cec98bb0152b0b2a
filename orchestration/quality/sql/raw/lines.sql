-- Lines of each entity's files that do not have the columns of their header.
select
    entity,
    rows,
    malformed_rows,
    malformed_rows / nullif(rows, 0) as malformed_share
from raw_entities
