"""The sources of an entity in DuckDB, each with the rule that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from stammkunde.database import identifier, quoted

from .converting.source import Source, describe
from .errors import IntakeError
from .find import Found
from .mapping import EntityRule
from .reading.files import load_file
from .reading.header import shortened
from .reading.own_columns import OWN_COLUMNS
from .reading.tables import load_table

MOST_SHOWN = 20  # names in a message


@contextmanager
def workspace() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB database and a folder that are gone afterwards."""
    with TemporaryDirectory(prefix="stammkunde_") as folder:
        work = Path(folder)
        with duckdb.connect(str(work / "intake.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set enable_progress_bar = false")
            yield connection, work


def sources(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> list[Source]:
    """Load the files or the table of an entity."""
    loaded = []
    if item.rule.table is not None:
        table = f"source_{item.entity.name}_0"
        load_table(connection, table, item.rule.table, raw, work)
        loaded.append(describe(connection, table, f"table {item.rule.table.name}"))
    for position, path in enumerate(item.files):
        table = f"source_{item.entity.name}_{position}"
        load_file(connection, table, path, item.rule.format, work)
        loaded.append(describe(connection, table, str(path)))
    return loaded


def drop_sources(connection: duckdb.DuckDBPyConnection, item: Found) -> None:
    """Take away what was loaded of an entity: it may be large."""
    pattern = quoted(f"source_{item.entity.name}_%")
    tables = connection.execute(f"select table_name from duckdb_tables() where table_name like {pattern}").fetchall()
    for (table,) in tables:
        connection.execute(f"drop table {identifier(table)}")


def rule_for(item: Found, source: Source) -> EntityRule:
    """The rule as it fits one source: under its own name an entity may lack optional columns."""
    if not item.is_canonical:
        return item.rule
    for column in item.entity.columns.values():
        if column.required and column.name not in source.columns:
            there = [shortened(known) for known in source.columns if known not in OWN_COLUMNS]
            raise IntakeError(
                f"column '{column.name}' is missing in {source.shown}: {item.entity.name} cannot be read without it. "
                f"Columns found: {', '.join(there[:MOST_SHOWN])}{hint(there)}"
            )
    present = {column: rule for column, rule in item.rule.columns.items() if column in source.columns}
    return item.rule.model_copy(update={"columns": present})


def hint(columns: list[str]) -> str:
    """What a header of one column probably is: another separator than declared, which is never guessed."""
    sign = next((sign for sign in ";\t|" if len(columns) == 1 and sign in columns[0]), None)
    if sign is None:
        return ""
    shown = "tab" if sign == "\t" else sign
    return f". If columns are separated by {shown}, say so in a mapping (format: {{delimiter: '{shown}'}})"
