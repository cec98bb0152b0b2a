"""Whether what was done for customers helped: by rule, and of groups alone."""

from __future__ import annotations

from assistants.answers import Outcomes, RuleOutcome
from assistants.arguments import ARule
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.questions import Row

LEAST = 2  # what a single customer did is that person's


def get_playbook_outcomes(reading: Reading, asked: ARule) -> Outcomes:
    rows = reading.rows(questions.playbook_outcomes())
    if not rows:
        raise RefusedError(f"this shop has noted no actions of a playbook, so it is not known; {reading.stand}")
    rules = sorted({row["rule_id"] for row in rows})
    if asked.rule_id != ALL and asked.rule_id not in rules:
        raise unknown("rule", asked.rule_id, {name: (name,) for name in rules}, "the value all")
    own = [row for row in rows if row["variant" if asked.rule_id == ALL else "rule_id"] == asked.rule_id]
    own.sort(key=lambda row: (-row["treated"], row["rule_id"], row["variant"]))
    enough = [row for row in own if min(row["treated"], row["control"]) >= LEAST]
    said = "; ".join(in_words(row) for row in enough) or "no rule has two actions in each arm whose window is over"
    return Outcomes(
        sentence=f"{said}; the intervals hold for one planned look; {reading.stand}.",
        build=reading.build,
        outcomes=[RuleOutcome(**row) for row in enough],
        not_told=[name_of(row) for row in own if row not in enough],
    )


def name_of(row: Row) -> str:
    return named(row["rule_id"]) + ("" if row["variant"] == ALL else f", variant {named(row['variant'])}")


def in_words(row: Row) -> str:
    points, low, high = (ENGLISH.number(100 * row[name], 1) for name in ("uplift", "uplift_low", "uplift_high"))
    verdict = "beyond chance" if row["is_conclusive"] else "it can be chance"
    return (
        f"{name_of(row)}: {ENGLISH.percent(row['treated_rate'])} of {ENGLISH.number(row['treated'])} treated and "
        f"{ENGLISH.percent(row['control_rate'])} of {ENGLISH.number(row['control'])} left alone ordered, "
        f"{points} points (95 % interval {low} to {high}), {verdict}"
        f"{'' if row['has_enough'] else ', and there are fewer than 100 in an arm'}"
    )
