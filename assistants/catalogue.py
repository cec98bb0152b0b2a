"""What can be asked: the build, its periods and segments, the measures and their meaning, and where raw rows went."""

from __future__ import annotations

from typing import Any

from assistants.answers import (
    Accounting,
    Cohorts,
    Data,
    Definition,
    Division,
    Listed,
    Measures,
    Outcome,
    OutcomeOfSource,
    Periods,
)
from assistants.arguments import AnEntity, Nothing, OneMeasure
from assistants.reading import ALL, COMES_WITH, ENGLISH, GERMAN, TOOLS, Reading, is_measure, not_answered
from assistants.refusals import unknown
from reports import questions
from reports.questions import MissingMartError, Row

DEFINED_BY = "marts.kpi_glossary of this build: the column's description and seeds/kpi_definitions.csv"


def describe_data(reading: Reading, _: Nothing) -> Data:
    periods = [Periods(grain=row.pop("period_grain"), **row) for row in reading.rows(questions.periods())]
    dimensions = [
        Division(dimension=name, name_en=ENGLISH.dimension(name), name_de=GERMAN.dimension(name), segments=segments)
        for name, segments in reading.divisions.items()
        if name != ALL
    ]
    last = next((period.last_complete_period for period in periods if period.grain == "month"), None)
    month = f"the last complete month is {ENGLISH.period('month', last)}" if last else "no month is complete yet"
    names = ", ".join(division.dimension for division in dimensions) or "nothing"
    return Data(
        sentence=f"Published: {reading.stand}; {month}; customers can be divided by {names}.",
        build=reading.build,
        periods=periods,
        cohorts=[Cohorts(**row) for row in reading.rows(questions.cohort_starts())],
        dimensions=dimensions,
        entities=list(by_entity(reading)),
    )


def list_measures(reading: Reading, _: Nothing) -> Measures:
    divided = by_segment(reading)
    found = [
        Listed(
            measure=name,
            name_en=term["name_en"],
            name_de=term["name_de"],
            abbreviation=abbreviation(term),
            unit=term["unit"],
            good_direction=term["good_direction"],
            tool=TOOLS.get(term["mart"]),
            by_segment=name in divided,
            comes_with=COMES_WITH.get(term["mart"]),
            not_answered_because=not_answered(term),
        )
        for name, term in reading.terms.items()
        if is_measure(term)
    ]
    answered = sum(one.tool is not None for one in found)
    return Measures(
        sentence=f"{len(found)} measures are defined, {answered} of them are answered; {reading.stand}.",
        build=reading.build,
        measures=found,
    )


def define_measure(reading: Reading, asked: OneMeasure) -> Definition:
    term = reading.known_measure(asked.measure)
    return Definition(
        sentence=f"{term['name_en']} ({term['name_de']}) is {term['formula']}; {reading.stand}.",
        build=reading.build,
        measure=asked.measure,
        name_en=term["name_en"],
        name_de=term["name_de"],
        abbreviation=abbreviation(term),
        unit=term["unit"],
        formula=term["formula"],
        definition_en=term["definition_en"] or "",
        definition_de=term["definition_de"] or "",
        good_direction=term["good_direction"],
        mart=f"marts.{term['mart']}",
        defined_by=DEFINED_BY,
        tool=TOOLS.get(term["mart"]),
        by_segment=asked.measure in by_segment(reading),
        comes_with=COMES_WITH.get(term["mart"]),
        not_answered_because=not_answered(term),
    )


def get_row_accounting(reading: Reading, asked: AnEntity) -> Accounting:
    found = by_entity(reading)
    if asked.entity not in found:
        names = {name: (ENGLISH.name("entity", name), GERMAN.name("entity", name)) for name in found}
        raise unknown("raw entity", asked.entity, names, "describe_data")
    outcomes = [Outcome(**outcome_of(row)) for row in found[asked.entity]]
    of_sources = [row for row in rows_by_source(reading) if row["entity"] == asked.entity]
    several = len({row["source"] for row in of_sources}) > 1
    totals: dict[str, int] = {}
    for one in outcomes:
        totals[one.outcome] = totals.get(one.outcome, 0) + one.rows
    parts = ", ".join(f"{ENGLISH.number(rows)} {outcome.replace('_', ' ')}" for outcome, rows in totals.items())
    raw_rows = sum(totals.values())
    return Accounting(
        sentence=f"Of {ENGLISH.number(raw_rows)} raw rows of {asked.entity}: {parts}; {reading.stand}.",
        build=reading.build,
        entity=asked.entity,
        raw_rows=raw_rows,
        outcomes=outcomes,
        by_source=[OutcomeOfSource(source=row["source"], **outcome_of(row)) for row in of_sources if several],
    )


def outcome_of(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("outcome", "reason", "rows")}
    return {**named, "reason_in_words": ENGLISH.name("reason", row["reason"])}


def rows_by_source(reading: Reading) -> list[Row]:
    """None in a file that an earlier version published."""
    try:
        return list(reading.rows(questions.source_accounting()))
    except MissingMartError:
        return []


def by_entity(reading: Reading) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reading.rows(questions.row_accounting()):
        found.setdefault(row["entity"], []).append(row)
    return found


def by_segment(reading: Reading) -> set[str]:
    """The measures that a segment has, too: of periods those that the mart of segments holds, of cohorts all."""
    of_cohorts = {
        name for name, term in reading.terms.items() if term["mart"] in ("cohort_retention", "cohort_windows")
    }
    return of_cohorts | set(reading.measures("retention_kpis_by_segment"))


def abbreviation(term: Row) -> str | None:
    return None if term["abbreviation"] == "-" else term["abbreviation"]
