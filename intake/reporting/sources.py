"""The part of the report about what a raw folder holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from stammkunde.database import quoted

from ..converting.source import Source, letters
from ..converting.values import cleaned
from ..find import Found
from ..load import drop_sources, rule_for, sources
from ..mapping import RULE, ColumnRule, EntityRule, SourceRules
from ..mapping.confidence import is_unproven
from ..reading.own_columns import OWN_COLUMNS
from ..refund_words import means_refund, says_kind
from .findings import Finding, counted
from .values import SAMPLES, masked

MOST_KINDS = 200  # of rows: what has more is no kind
MOST_SHOWN = 12  # columns that are not used


@dataclass
class Unused:
    """The columns of each file or table that no entity reads, and files that are not read at all."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    # Words that mean a refund, by file and column, in columns that say of what kind a row is.
    refunds: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    files: dict[str, str | None] = field(default_factory=dict)  # not read, with the entity whose columns they have

    def note(self, shown: str, unused: Sequence[str]) -> None:
        """What one entity does not read; another may."""
        before = self.columns.get(shown, unused)
        self.columns[shown] = [column for column in before if column in unused]

    def lines(self) -> Iterator[str]:
        for shown, columns in self.columns.items():
            if columns:
                yield f"not used of {shown}: {some_of(columns)}"
        if self.files:
            yield f"not read: {some_of(list(self.files))}"

    def findings(self) -> Iterator[Finding]:
        for name, entity in self.files.items():
            if entity is not None:
                yield Finding(
                    f"{name} is not read, though it has all columns that are read of {entity}",
                    "if its rows are missing, name it in `files` of the mapping; if not, take it away",
                )
        for (shown, column), words in self.refunds.items():
            yield Finding(
                f"rows of {shown} are refunds by column '{column}' ({', '.join(words)}), but are read as orders",
                "send them to the entity refunds, by leave_out (docs/mapping.md, Refunds)",
            )


def source_heading(source: SourceRules, folder: Path, raw: Path, found: Sequence[Found]) -> Iterator[str]:
    """Which source it is, where it is looked for, and which of its rules found nothing."""
    if source.schema is not None:
        place = f"schema {source.schema.name}"
    else:
        place = "the raw folder" if folder == raw else f"{folder.relative_to(raw)}/"
    yield f"source {source.name}, in {place}"
    known = {name: lookup for item in found for name, lookup in item.lookups.items()}
    for name, lookup in known.items():
        there = [str(file.relative_to(raw)) for file in lookup.files]
        there += [lookup.rule.table.name] if lookup.rule.table is not None else []
        if there:
            yield f"  {name} are looked up in: {some_of(there)}"
    if nothing := [name for name in source.rules if name not in {item.name for item in found}]:
        yield f"  found nothing: {some_of(nothing)}"


def unproven_sources(found: Iterable[Found]) -> Iterator[Finding]:
    """How many columns and rules of each source are only concluded to mean what they are taken for."""
    unproven_ones: dict[str, set[str]] = {}
    for item in found:
        confidences = {name: column.confidence for name, column in item.rule.columns.items()}
        confidences |= {name: left_out.confidence for name, left_out in item.rule.leave_out.items()}
        names = {f"{item.name}: {name}" for name, confidence in confidences.items() if is_unproven(confidence)}
        unproven_ones.setdefault(item.source, set()).update(names)
    for source, names in unproven_ones.items():
        if names:
            yield Finding(
                f"{counted(len(names), 'column or rule', 'columns and rules')} of source {source} "
                f"{'is' if len(names) == 1 else 'are'} unproven: {some_of(sorted(names))}",
                "no documentation says what they mean: compare some rows with the system itself",
            )


def entity_report(
    connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path, unused: Unused
) -> Iterator[str]:
    """The files or the table of an entity: rows, and what each column comes from."""
    yield f"{item.source}: {item.name}" if RULE in item.name else item.entity.name
    for source in sources(connection, item, raw, work):
        yield from source_report(connection, item, source, source.shown.removeprefix(f"{raw}/"), unused)
    drop_sources(connection, item)


def source_report(
    connection: duckdb.DuckDBPyConnection, item: Found, source: Source, shown: str, unused: Unused
) -> Iterator[str]:
    """One source: its rows, where columns come from if they are called otherwise, and what is not there."""
    rule = rule_for(item, source)
    rows, malformed = connection.execute(f"select count(*), count(malformed_line) from {source.table}").fetchall()[0]
    broken = f", {malformed:,} of them with other columns than the header" if malformed else ""
    yield f"  {shown}: {rows:,} rows{broken}"
    where = item.where
    read = {source.find(name, where).name for name in rule.source_columns()}
    looked_up_by = [source.get(join.on) for join in rule.join.values()]
    read |= {column.name for column in looked_up_by if column is not None}
    unused.note(shown, [column.name for column in source.columns.values() if column.name not in {*read, *OWN_COLUMNS}])
    if item.entity.name == "orders":
        for name in [column.name for column in source.columns.values()]:
            if words := words_for_refunds(connection, source, rule, name):
                unused.refunds[shown, name] = words
    if not item.is_canonical:
        for column, column_rule in rule.columns.items():
            values = samples(connection, source, column_rule)
            yield f"    {column:<24} <- {described(column_rule):<34} {values}".rstrip()
        if rule.leave_out:
            names = [f"{name}{unproven(left_out.confidence)}" for name, left_out in rule.leave_out.items()]
            yield f"    left out by a rule: {', '.join(names)}"
    if absent := [column for column in item.entity.columns if column not in rule.columns]:
        yield f"    not there: {some_of(absent)}"


def words_for_refunds(
    connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule, column: str
) -> list[str]:
    """The words that mean a refund in a column that says of what kind a row is, but those that a rule leaves out."""
    if not says_kind(column) or ("status" in rule.columns and column in rule.columns["status"].source_columns()):
        return []
    conditions = [
        condition
        for left_out in rule.leave_out.values()
        for condition in left_out.all_of
        if letters(condition.column) == letters(column)
    ]
    if any(condition.is_ is None and condition.contains is None for condition in conditions):
        return []
    named = {word.strip().lower() for condition in conditions for word in condition.is_ or ()}
    parts = [part.lower() for condition in conditions for part in condition.contains or ()]
    query = (
        f"select distinct lower({cleaned(source.columns[column.strip().lower()])}) as word from {source.table} "
        f"order by word limit {MOST_KINDS}"
    )
    words = [word for (word,) in connection.execute(query).fetchall() if word and means_refund(word)]
    staying = [word for word in words if word not in named and not any(part in word for part in parts)]
    return [masked(word) for word in staying][:SAMPLES]


def some_of(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - MOST_SHOWN} more" if len(columns) > MOST_SHOWN else ""
    return f"{', '.join(columns[:MOST_SHOWN])}{more}"


def described(rule: ColumnRule) -> str:
    """A rule in a few words, and whether it is proven."""
    return described_origin(rule) + unproven(rule.confidence)


def unproven(confidence: str | None) -> str:
    return " (unproven)" if is_unproven(confidence) else ""


def described_origin(rule: ColumnRule) -> str:
    if rule.constant is not None:
        return f"always '{rule.constant}'"
    if rule.row_number is not None:
        return f"'{rule.row_number}' and the number of the row"
    if rule.number_within is not None:
        return f"the number of the row within {rule.number_within}"
    parts = [str(rule.column) if rule.text is None else f"'{rule.text}'"]
    parts += [f"and {rule.time}"] if rule.time else []
    parts += [f"as {rule.date_format}"] if rule.date_format else []
    parts += [f"in the time zone of {rule.time_zone}"] if rule.time_zone else []
    parts += ["as local time where a time_zone is said"] if rule.pretends_utc else []
    parts += [f"plus {rule.plus_minutes} in minutes"] if rule.plus_minutes else []
    parts += [f"in minutes since {rule.minutes_since}"] if rule.minutes_since else []
    parts += [f"told apart by {rule.told_apart_by}"] if rule.told_apart_by else []
    parts += [f"in {rule.unit}"] if rule.unit else []
    parts += [f"x {rule.times}"] if rule.times else []
    parts += [f"plus {', '.join(rule.plus)}"] if rule.plus else []
    parts += [f"less {', '.join(rule.less)}"] if rule.less else []
    parts += [f"x {rule.scaled_by[0]} / {rule.scaled_by[1]}"] if rule.scaled_by else []
    parts += [f"per month of {' x '.join(reversed(rule.per_month.columns()))}"] if rule.per_month else []
    parts += ["with the sign turned round"] if rule.negate else []
    parts += [f"at most {rule.at_most}"] if rule.at_most else []
    parts += [f"if any: '{rule.present}'"] if rule.present else []
    parts += [f"else {name}" for name in rule.otherwise]
    return " ".join(parts)


def samples(connection: duckdb.DuckDBPyConnection, source: Source, rule: ColumnRule) -> str:
    """A few values of a column as they come, e-mails masked."""
    if rule.column is None:
        return ""
    texts = [text_of(source, rule.column), *(text_of(source, name) for name in rule.otherwise)]
    if rule.present:
        texts[0] = f"case when {texts[0]} is not null then {quoted(rule.present)} end"
    values = connection.execute(
        f"select distinct coalesce({', '.join([*texts, 'null'])}) as value from {source.table} "
        f"where value is not null order by value limit {SAMPLES}"
    ).fetchall()
    return ", ".join(masked(value) for (value,) in values) or "(no values)"


def text_of(source: Source, column: str) -> str:
    return f"nullif(trim(cast({source.find(column, '').sql} as varchar)), '')"
