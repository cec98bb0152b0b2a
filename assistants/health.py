"""How customers are, whether that proved right, and who ordered again after what: of groups, never of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from assistants.answers import Backtest, Effect, Effects, Health, HealthComponent, OfBacktest
from assistants.arguments import AHealth, AMonthEnd, ASignal
from assistants.figures import not_of_one
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.backtest import no_cause, verdict
from reports.questions import HEALTH_COMPONENTS, Row


def get_health(reading: Reading, asked: AHealth) -> Health:
    rows = {row["segment"]: row for row in reading.rows(questions.health(asked.dimension))}
    if not rows:
        raise RefusedError("nobody has ordered yet, so nobody is well or unwell")
    if asked.segment not in rows:
        if asked.segment == ALL:
            raise RefusedError(f"say which {asked.dimension}: one of {', '.join(rows)}")
        raise unknown(asked.dimension, asked.segment, {name: (name,) for name in rows}, "get_health")
    row = rows[asked.segment]
    not_of_one(row["customers"])
    not_of_one(row["scored_customers"])
    if row["compared_customers"] == 1:
        row["average_change_28d"] = None
    components = [
        HealthComponent(
            component=name,
            name_en=reading.terms[f"health_{name}"]["name_en"],
            name_de=reading.terms[f"health_{name}"]["name_de"],
            customers=row[f"{name}_customers"],
            average=None if row[f"{name}_customers"] == 1 else row[f"average_{name}"],
        )
        for name in HEALTH_COMPONENTS
    ]
    of = "all customers" if asked.segment == ALL else f"customers with {asked.dimension} {named(asked.segment)}"
    return Health(
        sentence=f"{in_words(row, of)}; {reading.stand}.",
        build=reading.build,
        dimension=asked.dimension,
        components=sorted(components, key=lambda one: 6.0 if one.average is None else one.average),
        **{name: value for name, value in row.items() if name in Health.model_fields},
    )


def in_words(row: questions.Row, of: str) -> str:
    if not row["scored_customers"]:
        return f"Of {of} nothing is known that a health score is made of"
    change = row["average_change_28d"]
    moved = "" if change is None else f", {ENGLISH.number(change, 2)} against 28 days before"
    return (
        f"Of {ENGLISH.number(row['scored_customers'])} {of} with a health score "
        f"{ENGLISH.number(row['healthy_customers'])} are healthy, {ENGLISH.number(row['watch_customers'])} "
        f"to be watched and {ENGLISH.number(row['critical_customers'])} critical; the mean is "
        f"{ENGLISH.number(row['average_health_score'], 1)} of 5{moved}; it is a rule by experience and no probability"
    )


def get_health_backtest(reading: Reading, asked: AMonthEnd) -> Backtest:
    rows = reading.rows(questions.health_backtest())
    if not rows:
        raise RefusedError(f"{verdict(rows, ENGLISH).rstrip('.')}; {reading.stand}")
    month_ends = sorted({row["month_end"] for row in rows} - {ALL})
    own = [row for row in rows if row["month_end"] == asked.month_end]
    if not own:
        raise unknown("month end", asked.month_end, {name: (name,) for name in (ALL, *month_ends)}, "the value all")
    score, recency = (of_all(own, predictor) for predictor in ("score", "recency"))
    not_of_one(score["customers_looked_at"])
    said = verdict(rows, ENGLISH) if asked.month_end == ALL else of_one_month(score, recency)
    ends = ("", "_low", "_high")
    return Backtest(
        sentence=f"{said.rstrip('.')}; {reading.stand}.",
        build=reading.build,
        month_end=asked.month_end,
        month_ends=month_ends,
        **{f"auc{end}": score[f"auc{end}"] for end in ends},
        **{f"auc_of_recency{end}": recency[f"auc{end}"] for end in ends},
        **{f"auc_difference{end}": score[f"auc_difference{end}"] for end in ends},
        is_better_than_recency=score["is_better_than_recency"],
        everybody=OfBacktest(**in_fields(score, OfBacktest)),
        bands=buckets(own, "band"),
        deciles=buckets(own, "decile"),
    )


def of_all(rows: Sequence[Row], predictor: str) -> Row:
    return next(row for row in rows if row["grouped_by"] == ALL and row["predictor"] == predictor)


def of_one_month(score: Row, recency: Row) -> str:
    if score["auc"] is None:
        return f"At {score['month_end']} all customers who were active ordered in the 90 days after, or none"
    low, high = (ENGLISH.number(score[f"auc_{end}"], 2) for end in ("low", "high"))
    return (
        f"As of {score['month_end']} the AUC of the health score is {ENGLISH.number(score['auc'], 2)} "
        f"(95 % interval {low} to {high}), that of the days since the last order {ENGLISH.number(recency['auc'], 2)}"
    )


def buckets(rows: Sequence[Row], kind: str) -> list[OfBacktest]:
    """The groups of the score; of a single customer none."""
    return [
        OfBacktest(**in_fields(row, OfBacktest))
        for row in rows
        if row["grouped_by"] == kind and row["predictor"] == "score" and row["customers_looked_at"] > 1
    ]


def get_signal_effects(reading: Reading, asked: ASignal) -> Effects:
    rows = [row for row in reading.rows(questions.signal_effects()) if row["signal"] == asked.signal]
    if not rows:
        raise RefusedError(
            f"this shop has no {asked.signal} of customers with 90 days behind it, so it is not known; {reading.stand}"
        )
    several = [row for row in rows if row["answered_customers"] > 1]
    if not several:
        not_of_one(1)
    told = ", ".join(
        f"{row['answer'].replace('_', ' ')} {ENGLISH.percent(row['repurchase_rate_90d'])} of "
        f"{ENGLISH.number(row['answered_customers'])}"
        for row in several
    )
    said = f"Ordered again within 90 days, by {asked.signal}: {told}. {no_cause(ENGLISH).rstrip('.')}"
    return Effects(
        sentence=f"{said}; {reading.stand}.",
        build=reading.build,
        signal=asked.signal,
        answers=[Effect(**in_fields(row, Effect)) for row in several],
        no_cause=no_cause(ENGLISH),
    )


def in_fields(row: Row, model: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}
