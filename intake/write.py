"""An entity as dbt reads it: converted into Parquet, or linked. And what became of the lines that are no rows in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from stammkunde.database import quoted

from .converting.doubts import (
    check_amounts_are_of_one_currency,
    check_rows_are_no_items,
    check_rules_judge_orders,
)
from .converting.one_source import as_one, earliest_once, equal_rows_once, newest_once
from .converting.outcomes import IN_A_LATER_FILE, Outcomes, lines_by_file, tables
from .converting.rows import canonical_select, judged_lines
from .converting.source import Source, describe
from .converting.told_apart import tell_apart
from .errors import IntakeError, first_line
from .find import FILES, OUTCOMES, Found
from .load import drop_sources, rule_for, sources
from .mapping import Earliest, EntityRule, InvoiceLines, LastFile, Newest


def write_entity(
    connection: duckdb.DuckDBPyConnection, items: Sequence[Found], raw: Path, folder: Path, work: Path
) -> list[Outcomes]:
    """All rows of an entity, whatever rules they come from: one Parquet file; a folder of them where there are several
    rules, or where a column is typed in one file and text in another, as together it would become text."""
    several = folder / items[0].entity.name
    found = []
    for item in items:
        outcomes = Outcomes(item.source)
        try:
            selects, staying = entity_selects(connection, item, raw, work, outcomes)
            before = lines_by_file(connection, tables(staying))
            groups = of_same_types(connection, selects)
            targets = []
            for group in groups:
                if several.is_dir() or len(items) > 1 or len(groups) > 1:
                    several.mkdir(exist_ok=True)
                    target = several / f"{len(list(several.iterdir())):04}.parquet"
                else:
                    target = folder / f"{item.entity.name}.parquet"
                rows = " union all by name ".join(f"({select})" for select in group)
                connection.execute(f"copy ({rows}) to {quoted(str(target))} (format parquet)")
                targets.append(f"read_parquet({quoted(str(target))})")
            after = lines_by_file(connection, targets)
            outcomes.fold(item.entity.name, before, after)
            outcomes.hand_on(item.entity.name, after)
        except duckdb.Error as error:
            shown = ", ".join(str(path) for path in item.files) or item.entity.name
            raise IntakeError(f"{item.where}, {shown}: cannot be converted ({first_line(error)})") from error
        drop_sources(connection, item)
        found.append(outcomes)
    return found


def entity_selects(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path, outcomes: Outcomes
) -> tuple[list[str], list[Source]]:
    """SELECTs of all rows of an entity in canonical columns, over sources that are loaded on the way; and the sources
    with the lines that stay."""
    where = item.where
    loaded = sources(connection, item, raw, work, only_read=True)
    outcomes.read_lines(item.entity.name, lines_by_file(connection, tables(loaded)))
    for source in loaded:
        for reason, count in source.left_out.items():
            outcomes.leave_out(item.entity.name, reason, source.file, count)
            outcomes.read_lines(item.entity.name, Counter({source.file: count}))
    if isinstance(item.rule.fold, Newest):
        loaded = [newest(connection, loaded, item.rule.fold, item, outcomes)]
    rules = [rule_for(item, source) for source in loaded]
    if item.entity.name == "orders":
        check_amounts_are_of_one_currency(connection, loaded, rules, where)
    loaded = tell_apart(connection, loaded, rules, where)
    kept = [stay(connection, source, rule, item, outcomes) for source, rule in zip(loaded, rules, strict=True)]
    if isinstance(item.rule.fold, Earliest):
        kept = [earliest(connection, kept, item.rule.fold, item, outcomes)]
    if (document := document_of(item)) is not None and len(kept) > 1:
        kept = [from_last_files(connection, kept, document, item, outcomes)]
    if item.entity.name == "orders" and not item.is_canonical and item.rule.fold is None:
        for part in kept:
            check_rows_are_no_items(connection, part.rows, part.rule, where)
    selects = [
        canonical_select(part.rows, part.rule, item.entity, where, repeats=not item.is_canonical) for part in kept
    ]
    if has_rows_without_number(item) and len(kept) > 1:
        once = equal_rows_once(connection, selects, kept[0].rows)
        note_dropped(connection, lines_of(kept), once, item, outcomes)
        return [f"select * from {once.table}"], [once]
    return selects, lines_of(kept)


@dataclass(frozen=True)
class Kept:
    """A source: the lines of it that make rows, all that no rule leaves out, and the rule that fits it."""

    rows: Source
    lines: Source
    rule: EntityRule


def newest(
    connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], fold: Newest, item: Found, outcomes: Outcomes
) -> Source:
    """The files as one, in which each row stands once, as its newest version."""
    once = newest_once(connection, loaded, fold, item.where)
    note_dropped(connection, loaded, once, item, outcomes, "older_version" if fold.latest else "repeated")
    return once


def earliest(
    connection: duckdb.DuckDBPyConnection, kept: Sequence[Kept], fold: Earliest, item: Found, outcomes: Outcomes
) -> Kept:
    """The files as one, in which of the rows that stay each key has its earliest."""
    once = earliest_once(connection, lines_of(kept), fold, item.where)
    note_dropped(connection, lines_of(kept), once, item, outcomes, "not_the_first")
    return Kept(once, once, item.rule.without(once.missing(item.rule)))


def lines_of(kept: Sequence[Kept]) -> list[Source]:
    return [part.lines for part in kept]


def note_dropped(
    connection: duckdb.DuckDBPyConnection,
    before: Sequence[Source],
    after: Source,
    item: Found,
    outcomes: Outcomes,
    reason: str = IN_A_LATER_FILE,
) -> None:
    """Count the lines of several files that are not in what was made of them."""
    lines_before, lines_after = (lines_by_file(connection, tables(found)) for found in (before, [after]))
    outcomes.drop(item.entity.name, lines_before, lines_after, reason)


def stay(
    connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule, item: Found, outcomes: Outcomes
) -> Kept:
    """What stays of a source."""
    where = item.where
    judged = judged_lines(source, rule, where)
    if judged is None:
        return Kept(source, source, rule)
    table = source.table + "_judged"
    connection.execute(f"create table {table} as {judged}")
    check_rules_judge_orders(connection, describe(connection, table, source.shown), rule, where)
    counted = connection.execute(
        f"select left_out_by, source_file, count(*) from {table} where left_out_by is not null group by all"
    ).fetchall()
    for reason, file, count in counted:
        outcomes.leave_out(item.entity.name, reason, file, count)
    for name, condition in (("rows", "is_row and left_out_by is null"), ("lines", "left_out_by is null")):
        connection.execute(
            f"create view {table}_{name} as select * exclude (is_row, left_out_by) from {table} where {condition}"
        )
    rows, lines = (describe(connection, f"{table}_{name}", source.shown) for name in ("rows", "lines"))
    return Kept(rows, lines, rule)


def from_last_files(
    connection: duckdb.DuckDBPyConnection, kept: Sequence[Kept], document: str, item: Found, outcomes: Outcomes
) -> Kept:
    """All sources as one, in which each document has the lines of one file."""
    are_split = isinstance(item.rule.fold, LastFile) and item.rule.fold.split
    together = as_one(connection, lines_of(kept), document, item.where, are_split=are_split)
    note_dropped(connection, lines_of(kept), together, item, outcomes)
    return Kept(together, together, item.rule.without(together.missing(item.rule)))


def has_rows_without_number(item: Found) -> bool:
    """Whether a refund that stands in two files cannot be told from two refunds by its number."""
    return item.entity.name == "refunds" and not item.is_canonical and "refund_id" not in item.rule.columns


def document_of(item: Found) -> str | None:
    """The column whose rows belong together and must come from one file: an order's lines, an invoice's. Else None."""
    if isinstance(item.rule.fold, InvoiceLines):
        return item.rule.fold.invoice
    if isinstance(item.rule.fold, LastFile):
        return item.rule.fold.by
    if isinstance(item.rule.fold, Newest | Earliest):  # they are one source already
        return None
    return item.rule.columns["order_id"].column if item.entity.name == "order_lines" and not item.is_canonical else None


def of_same_types(connection: duckdb.DuckDBPyConnection, selects: Sequence[str]) -> list[list[str]]:
    """The SELECTs in groups of those whose columns have the same types."""
    groups: dict[tuple, list[str]] = {}
    for select in selects:
        columns = connection.execute(f"describe {select}").fetchall()
        kinds = tuple(sorted((column, kind) for column, kind, *_ in columns if kind != "VARCHAR"))
        groups.setdefault(kinds, []).append(select)
    return list(groups.values())


def write_outcomes(connection: duckdb.DuckDBPyConnection, found: Sequence[Outcomes], folder: Path) -> None:
    """What became of the lines before they were rows, as the raw tables intake_outcomes and intake_files: with them
    all outcomes add up to the lines, for each source."""
    write_table(
        connection,
        folder / f"{OUTCOMES}.parquet",
        'source varchar, entity varchar, outcome varchar, reason varchar, source_file varchar, "rows" bigint',
        [row for outcomes in found for row in outcomes.rows()],
    )
    write_table(
        connection,
        folder / f"{FILES}.parquet",
        "source varchar, entity varchar, source_file varchar, rows_read bigint, rows_handed_on bigint",
        [row for outcomes in found for row in outcomes.files()],
    )


def write_table(connection: duckdb.DuckDBPyConnection, target: Path, columns: str, rows: Sequence[tuple]) -> None:
    """Rows as a Parquet file; none where there are none."""
    if not rows:
        return
    connection.execute(f"create or replace table written ({columns})")
    places = ", ".join("?" for _ in rows[0])
    connection.executemany(f"insert into written values ({places})", rows)
    connection.execute(f"copy written to {quoted(str(target))} (format parquet)")


def link(item: Found, folder: Path) -> None:
    """Files that dbt reads as they are: linked, not copied."""
    (folder / item.entity.name).mkdir()
    for position, path in enumerate(item.files):
        (folder / item.entity.name / f"{position:04}_{path.name}").symlink_to(path.resolve())
