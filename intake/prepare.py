"""From a raw folder to one that dbt reads: as it is where nothing has to be done, else with converted entities."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .convert import Source, canonical_select, cleaned, letters
from .entities import Entity, entities
from .errors import IntakeError
from .mapping import ColumnRule, EntityRule, Mapping, load_mapping
from .reading import EXTENSIONS, first_line, is_plain_csv, load_file, load_table, name, quoted

MAPPING = "mapping.yml"


@dataclass(frozen=True)
class Found:
    """One raw entity as it was found: its rule and the files (none for a table)."""

    rule: EntityRule
    files: tuple[Path, ...]
    is_canonical: bool  # under its own name, not by a mapping


def prepare(raw: Path, out: Path, mapping: Path | None = None) -> Path:
    """The folder that dbt is to read: `raw` itself, or `out` with what had to be converted.

    `out` is written beside and then put in place whole, so that a failure leaves what was there before.
    Raises IntakeError with one line that says what is wrong.
    """
    found = discover(raw, mapping)
    with workspace() as (connection, work):
        converted = {item.rule.entity: item for item in found if not dbt_reads(connection, item)}
        if not converted:
            return raw
        fresh = out.with_name(out.name + ".unfinished")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for item in found:
            entity = item.rule.entity
            if entity in converted:
                write_entity(connection, item, raw, fresh / f"{entity}.parquet", work)
            else:
                link(item, fresh)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return out


@contextmanager
def workspace() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB database and a folder that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="stammkunde_") as folder:
        work = Path(folder)
        with duckdb.connect(str(work / "intake.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set enable_progress_bar = false")
            yield connection, work


def mapping_of(raw: Path, mapping: Path | None = None) -> Mapping | None:
    """The mapping named, else the one in the raw folder, else none."""
    chosen = mapping or (raw / MAPPING if (raw / MAPPING).exists() else None)
    return load_mapping(chosen) if chosen else None


def discover(raw: Path, mapping: Path | None = None) -> list[Found]:
    """The entities of a raw folder, by its mapping or by their own names."""
    if not raw.is_dir():
        what = "is a file, not a folder" if raw.exists() else "does not exist"
        raise IntakeError(f"raw folder {raw} (STAMMKUNDE_RAW): {what}")
    chosen = mapping_of(raw, mapping)
    found = mapped(chosen, raw) if chosen else by_name(raw)
    if not any(item.rule.entity == "orders" for item in found):
        if chosen:
            raise IntakeError(f"{chosen.path}: maps no orders, the one entity that is required")
        there = ", ".join(sorted(path.name for path in raw.iterdir())[:8]) or "nothing"
        raise IntakeError(
            f"no orders in the raw folder {raw} (STAMMKUNDE_RAW): put orders.csv, orders.parquet or a folder orders/ there, "
            f"or a {MAPPING} that says what the files are (found: {there})"
        )
    return found


def mapped(mapping: Mapping, raw: Path) -> list[Found]:
    found = []
    for rule in mapping.entities.values():
        files: tuple[Path, ...] = ()
        if rule.table is None:
            files = tuple(sorted({path for pattern in rule.files for path in raw.glob(pattern) if path.name != MAPPING}))
            if not files:
                raise IntakeError(
                    f"{mapping.path}: entity '{rule.entity}': no file in {raw} matches {', '.join(rule.files)}"
                )
        found.append(Found(rule, files, is_canonical=False))
    return found


def by_name(raw: Path) -> list[Found]:
    found = []
    for entity in entities().values():
        single = [raw / f"{entity.name}{ending}" for ending in EXTENSIONS if (raw / f"{entity.name}{ending}").exists()]
        folder = raw / entity.name
        parts = sorted(
            path
            for path in (folder.iterdir() if folder.is_dir() else ())
            if path.name.endswith(EXTENSIONS) and not path.name.startswith((".", "_"))
        )
        if len(single) + bool(parts) > 1:
            listed = ", ".join(str(path) for path in [*single, *parts])
            raise IntakeError(
                f"raw entity '{entity.name}' is there more than once in '{raw}': {listed}. "
                f"Keep one file, or put all parts into the folder {entity.name}/"
            )
        if single or parts:
            rule = EntityRule(entity.name, {column: ColumnRule(column=column) for column in entity.columns})
            found.append(Found(rule, tuple(single or parts), is_canonical=True))
    return found


def dbt_reads(connection: duckdb.DuckDBPyConnection, item: Found) -> bool:
    """Whether all files of an entity are as dbt itself reads them."""
    return item.is_canonical and all(
        path.is_file() and (path.suffix == ".parquet" or (path.stat().st_size > 0 and is_plain_csv(connection, path)))
        for path in item.files
    )


def sources(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> list[Source]:
    """Load the files or the table of an entity into DuckDB."""
    loaded = []
    if item.rule.table is not None:
        table = f"source_{item.rule.entity}_0"
        load_table(connection, table, item.rule.table, raw, work)
        loaded.append(describe(connection, table, f"table {item.rule.table.name}"))
    for position, path in enumerate(item.files):
        table = f"source_{item.rule.entity}_{position}"
        load_file(connection, table, path, item.rule.format, work)
        loaded.append(describe(connection, table, str(path)))
    return loaded


def describe(connection: duckdb.DuckDBPyConnection, table: str, shown: str) -> Source:
    columns = connection.execute(f"describe {table}").fetchall()
    return Source(table, shown, {column.strip().lower(): (column, kind) for column, kind, *_ in columns})


def rule_for(item: Found, source: Source, entity: Entity) -> EntityRule:
    """The rule as it fits one source: under its own name an entity may lack optional columns."""
    if not item.is_canonical:
        return item.rule
    for column in entity.columns.values():
        if column.required and column.name not in source.columns:
            there = [known for known in source.columns if known not in ("source_file", "source_line", "malformed_line")]
            raise IntakeError(
                f"column '{column.name}' is missing in {source.shown}: {entity.name} cannot be read without it. "
                f"Columns found: {', '.join(there[:20])}"
            )
    present = {column: rule for column, rule in item.rule.columns.items() if column in source.columns}
    return EntityRule(entity.name, present, format=item.rule.format)


def entity_select(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> str:
    """SELECT of all rows of an entity in canonical columns, over sources that are loaded on the way."""
    entity = entities()[item.rule.entity]
    where = f"entity '{entity.name}'"
    loaded = sources(connection, item, raw, work)
    selects = [canonical_select(source, rule_for(item, source, entity), entity, where) for source in loaded]
    document = document_of(item)
    if document is not None and len(loaded) > 1:
        selects = [canonical_select(as_one(connection, loaded, document, where), item.rule, entity, where)]
    return " union all by name ".join(f"({select})" for select in selects)


def document_of(item: Found) -> str | None:
    """The column whose rows belong together and must come from one file: an order's lines, an invoice's. Otherwise None."""
    if item.rule.fold is not None and item.rule.fold.kind == "invoice_lines":
        return item.rule.fold.invoice
    return item.rule.columns["order_id"].column if item.rule.entity == "order_lines" and not item.is_canonical else None


def as_one(connection: duckdb.DuckDBPyConnection, loaded: list[Source], document: str, where: str) -> Source:
    """Files as one, so that a later file can cancel what an earlier one sold. Where exports overlap, the last file (by
    name) that holds an order or an invoice gives all its lines: they count once."""
    first = loaded[0]
    alike = {letters(column): column for column, _ in first.columns.values()}
    selects = []
    for position, source in enumerate(loaded):
        columns = [
            f"{name(column)} as {name(alike.get(letters(column), column))}" for column, _ in source.columns.values()
        ]
        key = cleaned(*source.find(document, where))
        selects.append(f"select {', '.join(columns)}, {position} as file_number, {key} as document from {source.table}")
    table = first.table.removesuffix("_0") + "_as_one"
    connection.execute(
        f"""
        create table {table} as
        select * exclude (file_number, document)
            replace (row_number() over (order by file_number, source_line) as source_line)
        from ({' union all by name '.join(selects)})
        qualify document is null or malformed_line is not null
            or file_number = max(file_number) over (partition by document)
        """
    )
    return describe(connection, table, ", ".join(source.shown for source in loaded))


def write_entity(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, target: Path, work: Path) -> None:
    select = entity_select(connection, item, raw, work)
    try:
        connection.execute(f"copy ({select}) to {quoted(str(target))} (format parquet)")
    except duckdb.Error as error:
        shown = ", ".join(str(path) for path in item.files) or item.rule.entity
        raise IntakeError(f"{shown}: cannot be converted ({first_line(error)})") from error
    for (table,) in connection.execute(
        f"select table_name from duckdb_tables() where table_name like {quoted(f'source_{item.rule.entity}_%')}"
    ).fetchall():
        connection.execute(f"drop table {name(table)}")


def link(item: Found, folder: Path) -> None:
    """Files that dbt reads as they are: linked, not copied."""
    (folder / item.rule.entity).mkdir()
    for position, path in enumerate(item.files):
        (folder / item.rule.entity / f"{position:04}_{path.name}").symlink_to(path.resolve())
