"""From a raw folder to one that dbt reads: as it is where nothing has to be done, else with converted entities."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from stammkunde.files import replaced

from .converting.outcomes import Outcomes
from .errors import IntakeError
from .find import Found, discover
from .load import workspace
from .reading.files import check_readable
from .reading.unconverted import columns_that_dbt_reads
from .write import link, write_entity, write_outcomes


def prepare(raw: Path, out: Path, mapping: Path | None = None, elsewhere: Collection[str] = ()) -> Path:
    """The folder that dbt is to read: `raw` itself, or `out` with what had to be converted.

    Entities that are had from `elsewhere` may be missing in it.

    `out` is written beside and then put in place whole, so that a failure leaves what was there before.
    Raises IntakeError with one line that says what is wrong.
    """
    try:
        return prepared(raw, out, mapping, elsewhere)
    except OSError as error:
        what = f"{error.filename or raw}: {error.strerror or error}"
        raise IntakeError(f"{what}. See to it that it can be read, or written to, and is whole") from error


def prepared(raw: Path, out: Path, mapping: Path | None, elsewhere: Collection[str]) -> Path:
    found: dict[str, list[Found]] = {}
    for item in discover(raw, mapping, elsewhere):
        found.setdefault(item.entity.name, []).append(item)
    with workspace() as (connection, work):
        linked = [name for name, items in found.items() if len(items) == 1 and dbt_reads(connection, items[0])]
        if len(linked) == len(found):
            return raw
        with replaced(out) as fresh:
            fresh.mkdir()
            outcomes: list[Outcomes] = []
            for name, items in found.items():
                if name in linked:
                    link(items[0], fresh)
                else:
                    outcomes += write_entity(connection, items, raw, fresh, work)
            write_outcomes(connection, outcomes, fresh)
    return out


def dbt_reads(connection: duckdb.DuckDBPyConnection, item: Found) -> bool:
    """Whether all files of an entity are as dbt itself reads them."""
    if not item.is_canonical:
        return False
    required = {column.name for column in item.entity.columns.values() if column.required}
    for path in item.files:
        check_readable(path)
        columns = columns_that_dbt_reads(connection, path)
        if columns is None or required - columns:  # converting says what is missing
            return False
    return True
