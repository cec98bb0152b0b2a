"""Figures beside their targets: met or missed, how far, and whether chance alone could have made the distance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from reports import questions
from reports.cards import Goal
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Asking, MissingMartError, Row
from reports.tables import Column, Table

GRAINS = ("month", "quarter", "year")


def known(ask: Asking, grain: str) -> list[Row]:
    """The figures of a grain that have a target, oldest first; none in a build of a version without this mart."""
    try:
        return list(ask(questions.targets(grain)))
    except MissingMartError:
        return []


def of_period(rows: Sequence[Row], start: date) -> list[Row]:
    return [row for row in rows if row["period_start"] == start]


def latest(rows: Sequence[Row]) -> list[Row]:
    """Each target in the last period of it that is over, months first."""
    found = {(row["measure"], row["period_grain"]): row for row in rows if row["is_complete"]}
    return sorted(found.values(), key=lambda row: GRAINS.index(row["period_grain"]))


def goals(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Mapping[str, Goal]:
    """What is said on the card of each measure, of rows of one period."""
    return {row["measure"]: goal(row, glossary, language, currency) for row in rows}


def goal(row: Row, glossary: Glossary, language: Language, currency: str) -> Goal:
    said = [verdict(row, language)]
    if row["distance_to_target"]:
        said[0] += f" ({distance(row, glossary, language, currency)})"
    if row["not_judged_because"] not in ("still_running", "start_unknown", "no_figure"):
        said.append(chance(row, language))
    words = language.say("targets.on_card", target=aim(row, glossary, language, currency))
    return Goal(words, ", ".join(said), row["is_met"])


def aim(row: Row, glossary: Glossary, language: Language, currency: str) -> str:
    unit = glossary.term(row["measure"]).unit
    return language.say(f"targets.{row['direction']}", value=language.value(row["target_value"], unit, currency))


def distance(row: Row, glossary: Glossary, language: Language, currency: str) -> str:
    return language.change(row["distance_to_target"], glossary.term(row["measure"]).unit, currency)


def verdict(row: Row, language: Language) -> str:
    if row["is_met"] is None:
        return language.say("targets.running" if row["not_judged_because"] == "still_running" else "targets.unknown")
    return language.say("targets.met" if row["is_met"] else "targets.missed")


def chance(row: Row, language: Language) -> str:
    """Whether the distance is beyond chance, or why that is not known."""
    if row["is_beyond_chance"] is None:
        return language.say(f"targets.{row['not_judged_because']}")
    return language.say("targets.beyond_chance" if row["is_beyond_chance"] else "targets.may_be_chance")


def missed(rows: Sequence[Row]) -> list[Row]:
    """The targets that were missed: those beyond chance first."""
    found = [row for row in rows if row["is_met"] is False]
    return sorted(found, key=lambda row: not row["is_beyond_chance"])


def sentences(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Iterator[str]:
    """How many of the targets are missed, and each that is."""
    judged = [row for row in rows if row["is_met"] is not None]
    of_them = missed(rows)
    if not judged:
        yield language.say("targets.none_judged")
    elif not of_them:
        yield language.say("targets.none_missed", judged=language.number(len(judged)))
    else:
        beyond = sum(bool(row["is_beyond_chance"]) for row in of_them)
        counts = {"missed": len(of_them), "judged": len(judged), "beyond": beyond}
        yield language.say("targets.some_missed", **{name: language.number(count) for name, count in counts.items()})
    for row in of_them:
        yield sentence(row, glossary, language, currency)


def sentence(row: Row, glossary: Glossary, language: Language, currency: str) -> str:
    term = glossary.term(row["measure"])
    return language.say(
        "targets.sentence",
        name=term.name,
        period=language.period(row["period_grain"], row["period_start"]),
        actual=language.value(row["actual_value"], term.unit, currency),
        target=aim(row, glossary, language, currency),
        verdict=verdict(row, language),
        distance=language.say("targets.distance", distance=distance(row, glossary, language, currency)),
        chance=chance(row, language),
        owner=row["owner"],
    )


def table(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Table:
    """All targets with their figures, in the order of the rows."""
    columns = [Column("name", language.say("targets.measure")), Column("period", language.say("common.period"))]
    for kpi in ("actual_value", "target_value", "distance_to_target"):
        columns.append(Column(kpi, glossary.term(kpi).name, "shown", tip=glossary.term(kpi).definition))
    columns.append(Column("verdict", language.say("targets.verdict")))
    columns.append(Column("chance", language.say("targets.chance"), "prose"))
    columns.append(Column("owner", language.say("targets.owner")))
    found = []
    for row in rows:
        term = glossary.term(row["measure"])
        found.append(
            {
                "name": term.name,
                "period": language.period(row["period_grain"], row["period_start"]),
                "actual_value": language.value(row["actual_value"], term.unit, currency),
                "target_value": aim(row, glossary, language, currency),
                "distance_to_target": distance(row, glossary, language, currency),
                "verdict": verdict(row, language),
                "chance": chance(row, language),
                "owner": row["owner"],
            }
        )
    return Table(columns, found)
