"""Who orders again after an answer, a first reply or a complaint: what goes together, and no cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, Series, dots
from reports.colours import BLUE, GREY, INK
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

RATE = "repurchase_rate_90d"
DIFFERENCE = "repurchase_difference"
TYPES = ("nps", "csat", "ticket_first_reply", "complaint")  # of the activities that it rests on
KPIS = ("answered_customers", "repurchased_customers", RATE, f"{RATE}_low", f"{RATE}_high")
DIFFERENCES = (DIFFERENCE, f"{DIFFERENCE}_low", f"{DIFFERENCE}_high", "is_conclusive")


def signal(row: Row, language: Language) -> str:
    return language.say(f"effects.signal.{row['signal']}")


def answer(row: Row, language: Language) -> str:
    """An answer; marked where fewer customers stand behind the comparison than say something."""
    name = language.say(f"effects.answer.{row['answer']}")
    return language.say("effects.few", answer=name) if row["has_enough"] is False else name


def sentences(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """The answers after which fewer order again than after the best one, beyond chance. `rows`:
    questions.signal_effects."""
    best = {row["signal"]: row for row in rows if row["is_reference"]}
    found = [row for row in rows if row["is_conclusive"] and row["has_enough"]]
    for row in found:
        reference = best[row["signal"]]
        yield language.say(
            "effects.differs",
            signal=signal(row, language),
            answer=answer(row, language),
            rate=language.percent(row[RATE]),
            best=answer(reference, language),
            best_rate=language.percent(reference[RATE]),
        )
    if not found:
        yield language.say("effects.none_differs")


def who_orders_again(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """The rate after each answer with its interval; of each signal the best answer first, in ink."""
    term = glossary.term(RATE)
    labels = [f"{signal(row, language)}: {answer(row, language)}" for row in rows]
    line = Series(
        term.name,
        [row[RATE] for row in rows],
        [row[f"{RATE}_low"] for row in rows],
        [row[f"{RATE}_high"] for row in rows],
        [language.say("effects.of_customers", customers=language.number(row["answered_customers"])) for row in rows],
    )
    parts = ", ".join(f"{label} {language.percent(row[RATE])}" for label, row in zip(labels, rows, strict=True))
    figure = dots(labels, line, "rate", language, colours=[colour(row) for row in rows])
    return Chart(figure, language.say("effects.alt", name=term.name, parts=parts), table(rows, glossary, language))


def colour(row: Row) -> str:
    return INK if row["is_reference"] else BLUE if row["has_enough"] else GREY


def table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    columns = [
        Column("signal", language.say("effects.signal")),
        Column("answer", language.say("effects.answer")),
        *map(glossary.column, (*KPIS, *DIFFERENCES)),
    ]
    named = [{**row, "signal": signal(row, language), "answer": answer(row, language)} for row in rows]
    return Table(columns, named)
