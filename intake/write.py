"""An entity as dbt reads it: converted into Parquet, or linked. And what became of the lines that are no rows in it."""

from __future__ import annotations

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
from .converting.one_source import as_one, equal_rows_once
from .converting.outcomes import Outcomes, lines_by_file, tables
from .converting.rows import canonical_select, judged_lines
from .converting.source import Source, describe
from .converting.told_apart import tell_apart
from .errors import IntakeError, first_line
from .find import OUTCOMES, Found
from .load import drop_sources, rule_for, sources
from .mapping import EntityRule, InvoiceLines


def write_entity(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, folder: Path, work: Path, outcomes: Outcomes
) -> None:
    """One Parquet file; a folder of them where a column is typed in one source and text in another, as together it
    would become text."""
    entity = item.entity.name
    targets = []
    try:
        selects, staying = entity_selects(connection, item, raw, work, outcomes)
        before = lines_by_file(connection, tables(staying))
        groups = of_same_types(connection, selects)
        if len(groups) > 1:
            (folder / entity).mkdir()
        for number, group in enumerate(groups):
            target = folder / (f"{entity}/{number:04}.parquet" if len(groups) > 1 else f"{entity}.parquet")
            rows = " union all by name ".join(f"({select})" for select in group)
            connection.execute(f"copy ({rows}) to {quoted(str(target))} (format parquet)")
            targets.append(f"read_parquet({quoted(str(target))})")
        outcomes.fold(entity, before, lines_by_file(connection, targets))
    except duckdb.Error as error:
        shown = ", ".join(str(path) for path in item.files) or entity
        raise IntakeError(f"entity '{entity}', {shown}: cannot be converted ({first_line(error)})") from error
    drop_sources(connection, item)


def entity_selects(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path, outcomes: Outcomes
) -> tuple[list[str], list[Source]]:
    """SELECTs of all rows of an entity in canonical columns, over sources that are loaded on the way; and the sources
    with the lines that stay."""
    where = f"entity '{item.entity.name}'"
    loaded = sources(connection, item, raw, work)
    for source in loaded:
        for reason, count in source.left_out.items():
            outcomes.leave_out(item.entity.name, reason, source.file, count)
    rules = [rule_for(item, source) for source in loaded]
    if item.entity.name == "orders":
        check_amounts_are_of_one_currency(connection, loaded, rules, where)
    loaded = tell_apart(connection, loaded, rules, where)
    kept = [stay(connection, source, rule, item, outcomes) for source, rule in zip(loaded, rules, strict=True)]
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
        outcomes.drop(
            item.entity.name, *(lines_by_file(connection, found) for found in (lines_of(kept), tables([once])))
        )
        return [f"select * from {once.table}"], [once]
    return selects, [part.lines for part in kept]


@dataclass(frozen=True)
class Kept:
    """A source: the lines of it that make rows, all that no rule leaves out, and the rule that fits it."""

    rows: Source
    lines: Source
    rule: EntityRule


def lines_of(kept: Sequence[Kept]) -> list[str]:
    return tables(part.lines for part in kept)


def stay(
    connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule, item: Found, outcomes: Outcomes
) -> Kept:
    """What stays of a source."""
    where = f"entity '{item.entity.name}'"
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
    together = as_one(connection, [part.lines for part in kept], document, f"entity '{item.entity.name}'")
    before, after = (lines_by_file(connection, found) for found in (lines_of(kept), tables([together])))
    outcomes.drop(item.entity.name, before, after)
    return Kept(together, together, item.rule.without(together.missing(item.rule)))


def has_rows_without_number(item: Found) -> bool:
    """Whether a refund that stands in two files cannot be told from two refunds by its number."""
    return item.entity.name == "refunds" and not item.is_canonical and "refund_id" not in item.rule.columns


def document_of(item: Found) -> str | None:
    """The column whose rows belong together and must come from one file: an order's lines, an invoice's. Else None."""
    if isinstance(item.rule.fold, InvoiceLines):
        return item.rule.fold.invoice
    return item.rule.columns["order_id"].column if item.entity.name == "order_lines" and not item.is_canonical else None


def of_same_types(connection: duckdb.DuckDBPyConnection, selects: Sequence[str]) -> list[list[str]]:
    """The SELECTs in groups of those whose columns have the same types."""
    groups: dict[tuple, list[str]] = {}
    for select in selects:
        columns = connection.execute(f"describe {select}").fetchall()
        kinds = tuple(sorted((column, kind) for column, kind, *_ in columns if kind != "VARCHAR"))
        groups.setdefault(kinds, []).append(select)
    return list(groups.values())


def write_outcomes(connection: duckdb.DuckDBPyConnection, outcomes: Outcomes, folder: Path) -> None:
    """The lines that are no rows, as the raw table intake_outcomes: with it all outcomes add up to the lines."""
    if not outcomes.rows():
        return
    connection.execute(
        f'create table {OUTCOMES} (entity varchar, outcome varchar, reason varchar, source_file varchar, "rows" bigint)'
    )
    connection.executemany(f"insert into {OUTCOMES} values (?, ?, ?, ?, ?)", outcomes.rows())
    target = quoted(str(folder / f"{OUTCOMES}.parquet"))
    connection.execute(f"copy {OUTCOMES} to {target} (format parquet)")


def link(item: Found, folder: Path) -> None:
    """Files that dbt reads as they are: linked, not copied."""
    (folder / item.entity.name).mkdir()
    for position, path in enumerate(item.files):
        (folder / item.entity.name / f"{position:04}_{path.name}").symlink_to(path.resolve())
