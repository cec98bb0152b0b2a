"""Which signals a shop has: what figures rest on, and in a sentence what is missing where there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

ACTIVITIES = "activities"  # the entity whose signals are types; all others are one signal, called as the entity


def absent(rows: Sequence[Row], wanted: Sequence[str]) -> list[str]:
    """Of the signals that are wanted those that the shop does not have, in their order."""
    known = {row["signal"] for row in rows}
    return [signal for signal in wanted if signal not in known]


def no_activities(names: Iterable[str], types: Collection[str], language: Language) -> str:
    """That there are no activities of these types, and which figures are missing for it."""
    listed = ", ".join(f"“{one}”" if language.code == "en" else f"„{one}“" for one in types)
    return language.say("signals.no_activities", names=", ".join(names), types=listed)


def no_rows(names: Iterable[str], entity: str, language: Language) -> str:
    """The same of an entity that is one signal."""
    return language.say(
        "signals.no_rows", names=", ".join(names), entity=entity, called=language.name("entity", entity)
    )


def coverage_table(rows: Sequence[Row], wanted: Collection[str], language: Language) -> Table:
    """How many rows of the signals there are, of how many customers, since when and until when."""
    say = language.say
    columns = [
        Column("signal", say("signals.signal")),
        Column("source_system", say("signals.system")),
        Column("rows", say("signals.rows"), "count"),
        Column("customers", say("common.customers"), "customers"),
        Column("first_date", say("signals.first"), "date"),
        Column("last_date", say("signals.last"), "date"),
    ]
    found = [{**row, "signal": named(row, language)} for row in rows if row["signal"] in wanted]
    return Table(columns, found)


def named(row: Row, language: Language) -> str:
    """A signal by its name; a type of activity that has none by the type."""
    return language.name("signal" if row["entity"] == ACTIVITIES else "entity", row["signal"])
