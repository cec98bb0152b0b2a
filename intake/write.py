"""An entity as dbt reads it: converted into Parquet, or linked."""

from __future__ import annotations

from pathlib import Path

import duckdb

from stammkunde.database import quoted

from .converting.one_source import as_one
from .converting.rows import canonical_select
from .errors import IntakeError, first_line
from .find import Found
from .load import drop_sources, rule_for, sources
from .mapping import InvoiceLines


def write_entity(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, folder: Path, work: Path) -> None:
    """One Parquet file; a folder of them where a column is typed in one source and text in another, as together it
    would become text."""
    entity = item.entity.name
    selects = entity_selects(connection, item, raw, work)
    try:
        groups = of_same_types(connection, selects)
        if len(groups) > 1:
            (folder / entity).mkdir()
        for number, group in enumerate(groups):
            target = folder / (f"{entity}/{number:04}.parquet" if len(groups) > 1 else f"{entity}.parquet")
            rows = " union all by name ".join(f"({select})" for select in group)
            connection.execute(f"copy ({rows}) to {quoted(str(target))} (format parquet)")
    except duckdb.Error as error:
        shown = ", ".join(str(path) for path in item.files) or entity
        raise IntakeError(f"{shown}: cannot be converted ({first_line(error)})") from error
    drop_sources(connection, item)


def entity_selects(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> list[str]:
    """SELECTs of all rows of an entity in canonical columns, over sources that are loaded on the way."""
    where = f"entity '{item.entity.name}'"
    loaded = sources(connection, item, raw, work)
    repeats = not item.is_canonical
    selects = [
        canonical_select(source, rule_for(item, source), item.entity, where, repeats=repeats) for source in loaded
    ]
    document = document_of(item)
    if document is not None and len(loaded) > 1:
        together = as_one(connection, loaded, document, where)
        selects = [canonical_select(together, item.rule, item.entity, where, repeats=repeats)]
    return selects


def document_of(item: Found) -> str | None:
    """The column whose rows belong together and must come from one file: an order's lines, an invoice's. Else None."""
    if isinstance(item.rule.fold, InvoiceLines):
        return item.rule.fold.invoice
    return item.rule.columns["order_id"].column if item.entity.name == "order_lines" and not item.is_canonical else None


def of_same_types(connection: duckdb.DuckDBPyConnection, selects: list[str]) -> list[list[str]]:
    """The SELECTs in groups of those whose columns have the same types."""
    groups: dict[tuple, list[str]] = {}
    for select in selects:
        columns = connection.execute(f"describe {select}").fetchall()
        kinds = tuple(sorted((column, kind) for column, kind, *_ in columns if kind != "VARCHAR"))
        groups.setdefault(kinds, []).append(select)
    return list(groups.values())


def link(item: Found, folder: Path) -> None:
    """Files that dbt reads as they are: linked, not copied."""
    (folder / item.entity.name).mkdir()
    for position, path in enumerate(item.files):
        (folder / item.entity.name / f"{position:04}_{path.name}").symlink_to(path.resolve())
