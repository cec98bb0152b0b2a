"""Since when rows cannot be used: staging shows their values for some time only (setting quarantined_values_days)."""

from __future__ import annotations

from datetime import date

from orchestration.state import State
from stammkunde.database import read_only
from stammkunde.places import Places


def remember_quarantined(places: Places, state: State, today: date) -> None:
    """Note the rows of this build that are new among those that cannot be used; those that are gone are forgotten."""
    with read_only(places.warehouse) as connection:
        found = connection.execute(
            "select distinct row_hash from staging.quarantined_orders where row_hash is not null"
        )
        now = {row_hash for (row_hash,) in found.fetchall()}
    known = {str(row["row_hash"]): row["first_seen_on"] for row in state.rows("quarantined_rows")}
    noted = [{"row_hash": row_hash, "first_seen_on": known.get(row_hash, today)} for row_hash in sorted(now)]
    if {row_hash: known.get(row_hash) for row_hash in now} != known:
        state.write("quarantined_rows", noted)
