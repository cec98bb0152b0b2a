"""From a raw folder to one that dbt reads: as it is where nothing has to be done, else with converted entities."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .convert import Source, canonical_select, cleaned, letters
from .entities import Entity, entities
from .errors import IntakeError
from .mapping import ColumnRule, EntityRule, Mapping, load_mapping
from .reading import (
    EXTENSIONS,
    OWN_COLUMNS,
    check_readable,
    columns_that_dbt_reads,
    first_line,
    load_file,
    load_table,
    name,
    quoted,
    shortened,
)

MAPPING = "mapping.yml"
# Endings of tables that are not read here. What lies beside the entities otherwise (notes, checksums) is nobody's data.
UNREAD = (
    ".xls", ".xlsb", ".xlsm", ".ods", ".numbers", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".sql", ".sqlite",
    ".db", ".duckdb", ".dbf", ".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".avro", ".orc", ".feather",
    ".arrow",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One raw entity as it was found: its rule and the files (none for a table)."""

    rule: EntityRule
    files: tuple[Path, ...]
    is_canonical: bool  # under its own name, not by a mapping


def prepare(raw: Path, out: Path, mapping: Path | None = None, elsewhere: Collection[str] = ()) -> Path:
    """The folder that dbt is to read: `raw` itself, or `out` with what had to be converted.

    Entities that are had from `elsewhere` may be missing in it.

    `out` is written beside and then put in place whole, so that a failure leaves what was there before.
    Raises IntakeError with one line that says what is wrong.
    """
    try:
        return prepared(raw, out, mapping, elsewhere)
    except RecursionError as error:
        raise IntakeError(f"{mapping or raw / MAPPING}: columns refer to each other in a circle") from error
    except OSError as error:
        what = f"{error.filename or raw}: {error.strerror or error}"
        raise IntakeError(f"{what}. See to it that it can be read, or written to, and is whole") from error


def prepared(raw: Path, out: Path, mapping: Path | None, elsewhere: Collection[str]) -> Path:
    found = discover(raw, mapping, elsewhere)
    with workspace() as (connection, work):
        converted = {item.rule.entity: item for item in found if not dbt_reads(connection, item)}
        if not converted:
            return raw
        fresh = out.with_name(out.name + ".unfinished")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            for item in found:
                entity = item.rule.entity
                if entity in converted:
                    write_entity(connection, item, raw, fresh, work)
                else:
                    link(item, fresh)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
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
    inside = raw / MAPPING
    if mapping is None and not os.path.lexists(inside) and os.path.exists(raw / "mapping.yaml"):  # noqa: PTH110 - that of Path fails without permission
        raise IntakeError(f"{raw / 'mapping.yaml'}: is not read. Rename it to {MAPPING}")
    chosen = mapping or (inside if os.path.lexists(inside) else None)  # a link that leads nowhere is no missing mapping
    return load_mapping(chosen) if chosen else None


def discover(raw: Path, mapping: Path | None = None, elsewhere: Collection[str] = ()) -> list[Found]:
    """The entities of a raw folder, by its mapping or by their own names."""
    if not raw.is_dir():
        what = "is a file, not a folder" if raw.exists() else "does not exist"
        raise IntakeError(f"raw folder {raw} (STAMMKUNDE_RAW): {what}. Name the folder that holds the exports")
    if not os.access(raw, os.R_OK | os.X_OK):
        raise IntakeError(f"raw folder {raw} (STAMMKUNDE_RAW): permission denied. Give this user the right to read it")
    chosen = mapping_of(raw, mapping)
    found = mapped(chosen, raw) if chosen else by_name(raw)
    if "orders" not in {*elsewhere, *(item.rule.entity for item in found)}:
        if chosen:
            raise IntakeError(f"{chosen.path}: maps no orders, the one entity that is required")
        there = ", ".join(sorted(path.name for path in raw.iterdir())[:8]) or "nothing"
        raise IntakeError(
            f"no orders in the raw folder {raw} (STAMMKUNDE_RAW): put orders.csv, orders.parquet or a folder orders/ "
            f"there, or a {MAPPING} that says what the files are (found: {there})"
        )
    return found


def mapped(mapping: Mapping, raw: Path) -> list[Found]:
    found = []
    for rule in mapping.entities.values():
        files: tuple[Path, ...] = ()
        if rule.table is None:
            files = tuple(sorted({path for pattern in rule.files for path in matches(mapping, rule, raw, pattern)}))
            if not files:
                raise IntakeError(
                    f"{mapping.path}: entity '{rule.entity}': no file in {raw} matches {', '.join(rule.files)}. "
                    "Put it there, or correct `files`"
                )
        found.append(Found(rule, files, is_canonical=False))
    return found


def matches(mapping: Mapping, rule: EntityRule, raw: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in raw.glob(pattern) if path.name != MAPPING]
    except (NotImplementedError, ValueError) as error:
        raise IntakeError(
            f"{mapping.path}: entity '{rule.entity}': files '{pattern}' is no pattern under the raw folder ({error})"
        ) from error


def by_name(raw: Path) -> list[Found]:
    found = []
    there = sorted(raw.iterdir())
    for entity in entities().values():
        single = [path for path in there if stem(path) == entity.name]
        folder = raw / entity.name
        parts = sorted(
            path
            for path in (folder.iterdir() if folder.is_dir() else ())
            if stem(path) is not None and not path.name.startswith((".", "_"))
        )
        check_nothing_is_passed_over(entity.name, there, folder)
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


def stem(path: Path) -> str | None:
    """The name without its ending; None for an ending that is not read."""
    lower = path.name.lower()
    return next((path.name[: -len(ending)] for ending in EXTENSIONS if lower.endswith(ending)), None)


def check_nothing_is_passed_over(entity: str, there: list[Path], folder: Path) -> None:
    """Rows that seem to be given, but would be left out without a word, are an error."""
    named = [path for path in there if path.name.split(".")[0] == entity]
    inside = list(folder.iterdir()) if folder.is_dir() else []
    for path in (*named, *inside):
        if path.name.startswith((".", "_")) or stem(path) is not None:
            continue
        if path.name.lower().endswith(UNREAD):
            raise IntakeError(f"{path}: such files are not read. Export it as CSV, Parquet or .xlsx, or take it away")
        if not path.exists():
            raise IntakeError(f"{path}: is a link that leads nowhere. Put the file itself there, or take the link away")
        if path.parent == folder and path.is_dir():
            raise IntakeError(
                f"{path}: is a folder within {folder}/ and is not read. Put its files into {folder}/, or name them in "
                f"a {MAPPING} (files: '{entity}/**/*.csv')"
            )


def dbt_reads(connection: duckdb.DuckDBPyConnection, item: Found) -> bool:
    """Whether all files of an entity are as dbt itself reads them."""
    if not item.is_canonical:
        return False
    required = {column.name for column in entities()[item.rule.entity].columns.values() if column.required}
    for path in item.files:
        check_readable(path)
        columns = columns_that_dbt_reads(connection, path)
        if columns is None or required - columns:  # converting says what is missing
            return False
    return True


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
            there = [shortened(known) for known in source.columns if known not in OWN_COLUMNS]
            raise IntakeError(
                f"column '{column.name}' is missing in {source.shown}: {entity.name} cannot be read without it. "
                f"Columns found: {', '.join(there[:20])}{hint(there)}"
            )
    present = {column: rule for column, rule in item.rule.columns.items() if column in source.columns}
    return EntityRule(entity.name, present, format=item.rule.format)


def hint(columns: list[str]) -> str:
    """What a header of one column probably is: another separator than declared, which is never guessed."""
    sign = next((sign for sign in ";\t|" if len(columns) == 1 and sign in columns[0]), None)
    if sign is None:
        return ""
    shown = "tab" if sign == "\t" else sign
    return f". If columns are separated by {shown}, say so in a mapping (format: {{delimiter: '{shown}'}})"


def entity_selects(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> list[str]:
    """SELECTs of all rows of an entity in canonical columns, over sources that are loaded on the way."""
    entity = entities()[item.rule.entity]
    where = f"entity '{entity.name}'"
    loaded = sources(connection, item, raw, work)
    selects = [canonical_select(source, rule_for(item, source, entity), entity, where) for source in loaded]
    document = document_of(item)
    if document is not None and len(loaded) > 1:
        selects = [canonical_select(as_one(connection, loaded, document, where), item.rule, entity, where)]
    return selects


def document_of(item: Found) -> str | None:
    """The column whose rows belong together and must come from one file: an order's lines, an invoice's. Else None."""
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
        from ({" union all by name ".join(selects)})
        qualify document is null or malformed_line is not null
            or file_number = max(file_number) over (partition by document)
        """
    )
    return describe(connection, table, ", ".join(source.shown for source in loaded))


def write_entity(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, fresh: Path, work: Path) -> None:
    """One Parquet file; a folder of them where a column is typed in one source and text in another, as together it
    would become text."""
    entity = item.rule.entity
    selects = entity_selects(connection, item, raw, work)
    try:
        alike: dict[tuple, list[str]] = {}
        for select in selects:
            columns = connection.execute(f"describe {select}").fetchall()
            kinds = tuple(sorted((column, kind) for column, kind, *_ in columns if kind != "VARCHAR"))
            alike.setdefault(kinds, []).append(f"({select})")
        if len(alike) > 1:
            (fresh / entity).mkdir()
        for number, group in enumerate(alike.values()):
            target = fresh / (f"{entity}/{number:04}.parquet" if len(alike) > 1 else f"{entity}.parquet")
            connection.execute(f"copy ({' union all by name '.join(group)}) to {quoted(str(target))} (format parquet)")
    except duckdb.Error as error:
        shown = ", ".join(str(path) for path in item.files) or entity
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
