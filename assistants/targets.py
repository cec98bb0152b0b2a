"""Whether the shop is on target."""

from __future__ import annotations

from datetime import date

from assistants import contracts, feedback, periods
from assistants.answers import Targets, TargetStanding
from assistants.arguments import ATarget
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named
from reports import questions, targets
from reports.glossary import Glossary
from reports.questions import Row

# How many customers or answers a figure is of: of a single one it would be that person's.
OF = {
    **dict.fromkeys(periods.OF_BUYERS, "purchasing_customers"),
    **dict.fromkeys(periods.OF_STARTERS, "customers_at_start"),
    **feedback.OF,
    **contracts.OF,
}


def get_targets(reading: Reading, asked: ATarget) -> Targets:
    rows = reading.rows(questions.targets())
    if not rows:
        raise RefusedError(f"this shop has set no targets that hold for a period yet; {reading.stand}")
    if asked.measure != ALL:
        reading.known_measure(asked.measure)
        rows = [row for row in rows if row["measure"] == asked.measure]
        if not rows:
            raise RefusedError(f"no target is set for {asked.measure}; {reading.stand}")
    rows = [row for row in rows if asked.grain in (ALL, row["period_grain"])]
    found = targets.of_period(rows, asked.period) if isinstance(asked.period, date) else targets.latest(rows)
    if not found:
        raise RefusedError(f"no target holds for such a period; {reading.stand}")
    told = [row for row in found if not rests_on_one(reading, row)]
    glossary = Glossary(list(reading.terms.values()), ENGLISH)
    said = " ".join(in_words(row, glossary, reading.build.currency) for row in told) or "None can be told."
    return Targets(
        sentence=f"{said} {reading.stand[0].upper()}{reading.stand[1:]}.",
        build=reading.build,
        targets=[standing(reading, row) for row in told],
        not_told=[row["measure"] for row in found if row not in told],
    )


def in_words(row: Row, glossary: Glossary, currency: str) -> str:
    return targets.sentence({**row, "owner": named(row["owner"])}, glossary, ENGLISH, currency)


def standing(reading: Reading, row: Row) -> TargetStanding:
    term = reading.terms[row["measure"]]
    return TargetStanding(
        **{name: term[name] for name in ("name_en", "name_de", "unit")},
        grain=row["period_grain"],
        **{name: value for name, value in row.items() if name in TargetStanding.model_fields},
    )


def rests_on_one(reading: Reading, row: Row) -> bool:
    """Whether the figure is that of a single customer, or what a single one said."""
    if row["measure"] not in OF:
        return False
    mart = reading.terms[row["measure"]]["mart"]
    of_month = mart == contracts.KPIS
    key = {"month_start" if of_month else "period_start": row["period_start"]}
    if not of_month:
        key["period_grain"] = row["period_grain"]
    if mart == feedback.SUPPORT:
        key["channel"] = ALL
    return bool(reading.rows(questions.figure(mart, row["measure"], key))[0][OF[row["measure"]]] == 1)
