"""The sources of an entity in DuckDB, each with the rule that fits it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from stammkunde.database import connect, identifier, quoted

from .converting.lookups import joined, lookup_table, unnested
from .converting.one_value import objects_are_malformed
from .converting.source import Source, describe, letters
from .errors import IntakeError, typed
from .find import Found
from .json_paths import words_of
from .mapping import RULE, EntityRule, Lookup
from .mapping.joins import key_columns
from .origin import FoundLookup
from .reading.files import load_file
from .reading.header import Wanted, shortened
from .reading.own_columns import OWN_COLUMNS, RESERVED
from .reading.tables import load_table

MOST_SHOWN = 20  # names in a message


@contextmanager
def workspace() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB database and a folder that are gone afterwards."""
    with TemporaryDirectory(prefix="stammkunde_") as folder:
        work = Path(folder)
        with connect(work / "intake.duckdb") as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set enable_progress_bar = false")
            yield connection, work


def sources(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path, *, only_read: bool = False
) -> list[Source]:
    """Load the files or the table of a rule, with what is looked up for them. With `only_read` rules with names get
    only the columns that they read: tables of loaders may have hundreds, and would be copied with each step."""
    prefix = f"source_{item.entity.name}"
    lookups = lookup_tables(connection, item, raw, work, f"{prefix}_lookup")
    loaded = load_all(connection, prefix, item.rule, item.files, wanted_columns(item), raw, work)
    if any(rule.row_number is not None for rule in item.rule.columns.values()):
        last = 0
        for source in loaded:
            last = count_on(connection, source.table, last)
    if only_read and RULE in item.name:
        loaded = [narrowed(connection, source, item.rule) for source in loaded]
    whole = [with_parts(connection, source, item.rule, lookups, item.where) for source in loaded]
    return whole if item.is_canonical else [objects_are_malformed(connection, source, item.rule) for source in whole]


def load_all(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    rule: EntityRule | Lookup,
    files: Sequence[Path],
    wanted: Wanted,
    raw: Path,
    work: Path,
) -> list[Source]:
    """The files or the table of a rule or a lookup as they are, each in a table of its own."""
    loaded = []
    if rule.table is not None:
        load_table(connection, f"{prefix}_0", rule.table, raw, work)
        loaded.append(describe(connection, f"{prefix}_0", f"table {rule.table.name}"))
    for position, path in enumerate(files):
        table = f"{prefix}_{position}"
        left_out = load_file(connection, table, path, rule.format, work, wanted)
        loaded.append(describe(connection, table, str(path), str(path), left_out))
    return loaded


def names_read(rule: EntityRule | Lookup) -> list[str]:
    """The names of all columns that a rule reads, also of those that it looks up, and of the keys for that."""
    keys = [column for join in rule.join.values() for column in key_columns(join.on)]
    return [*(rule.source_columns() if isinstance(rule, EntityRule) else ()), *rule.file_columns(), *keys]


def narrowed(connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule) -> Source:
    """A source with the columns that a rule reads."""
    found = (source.get(name) for name in names_read(rule))
    read = {column.name for column in found if column is not None}
    kept = [column.name for column in source.columns.values() if column.name in read or column.name in OWN_COLUMNS]
    view = f"{source.table}_read"
    connection.execute(f"create view {view} as select {', '.join(map(identifier, kept))} from {source.table}")
    return describe(connection, view, source.shown, source.file, source.left_out)


def lookup_tables(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path, prefix: str
) -> dict[str, str]:
    """The tables of the lookups that a rule needs, by their names; those of others first."""
    there = {name: found for name, found in item.lookups.items() if found.files or found.rule.table is not None}
    named = [*names_read(item.rule), *(name for lookup in item.lookups.values() for name in names_read(lookup.rule))]
    words = {letters(word) for word in words_of(named)}
    tables: dict[str, str] = {}
    waiting = [join.to for join in item.rule.join.values() if join.to in there]
    while waiting:
        name = waiting[-1]
        lookup = there[name]
        needed = [join.to for join in lookup.rule.join.values() if join.to in there and join.to not in tables]
        if needed and name not in tables:
            waiting += needed
            continue
        waiting.pop()
        if name not in tables:
            tables[name] = f"{prefix}_{len(tables)}"
            create_lookup(connection, tables[name], lookup, tables, raw, work, words)
    return tables


def create_lookup(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    lookup: FoundLookup,
    others: Dictionary[str, str],
    raw: Path,
    work: Path,
    words: Collection[str],
) -> None:
    """The table of one lookup from its files or its table, with the columns that `words` name."""
    rule, where = lookup.rule, f"lookup '{lookup.name}'"
    columns = tuple(rule.file_columns())
    loaded = load_all(connection, f"{table}_of", rule, lookup.files, Wanted(columns, columns), raw, work)
    whole = [with_parts(connection, source, rule, others, where) for source in loaded]
    lookup_table(connection, table, whole, rule, where, words)


def with_parts(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rule: EntityRule | Lookup,
    lookups: Dictionary[str, str],
    where: str,
) -> Source:
    """A source with a row for each part of a list, and with what is looked up."""
    parts = unnested(connection, source, rule.unnest, rule.separator, where) if rule.unnest else source
    return joined(connection, parts, rule.join, lookups, where)


def count_on(connection: duckdb.DuckDBPyConnection, table: str, last: int) -> int:
    """Number the rows of a file on from the last one of the files before it. Gives the number of its own last."""
    connection.execute(f"update {table} set source_line = source_line + {last}")
    return connection.execute(f"select coalesce(max(source_line), {last}) from {table}").fetchall()[0][0]


def wanted_columns(item: Found) -> Wanted:
    """The columns by which the header of a file is found, and those that may not be there twice."""
    if item.is_canonical:
        required = tuple(column.name for column in item.entity.columns.values() if column.required)
        return Wanted(required, tuple(item.entity.columns))
    return Wanted(tuple(item.rule.file_columns()), tuple(item.rule.source_columns()))


def drop_sources(connection: duckdb.DuckDBPyConnection, item: Found) -> None:
    """Take away what was loaded of an entity, and what was made of it: it may be large."""
    beginning = quoted(f"source_{item.entity.name}_")
    for kind in ("view", "table"):
        found = connection.execute(
            f"select {kind}_name from duckdb_{kind}s() where starts_with({kind}_name, {beginning})"
        ).fetchall()
        for (name,) in found:
            connection.execute(f"drop {kind} {identifier(name)}")


def rule_for(item: Found, source: Source) -> EntityRule:
    """The rule as it fits one source, which may lack optional columns; under its own name an entity may lack all that
    are not required."""
    if not item.is_canonical:
        return item.rule.without(source.missing(item.rule))
    for column in item.entity.columns.values():
        if column.required and column.name not in source.columns:
            there = [shortened(known) for known in source.columns if known not in RESERVED]
            raise IntakeError(
                f"entity '{item.entity.name}': column '{column.name}' is missing in {source.shown}: "
                f"{item.entity.name} cannot be read without it. "
                f"Columns found: {', '.join(there[:MOST_SHOWN])}{hint(there)}. "
                f"Files with other columns need a mapping: make map RAW={typed(source.file or item.entity.name)} "
                "proposes one"
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
