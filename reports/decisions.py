"""What a review asks its readers to decide: each point by a rule that stands here, with the figures it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from reports import changes, targets
from reports.actions import PROVEN, rule_name
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row

IN_A_ROW = 3  # periods in which a target is missed before that is a point of its own
LOW_SCORE = 2  # of an audit point, up to which it is a point of its own
MOST_AUDIT_POINTS = 3


def of_targets(
    missed: Sequence[Row], all_rows: Sequence[Row], glossary: Glossary, language: Language, currency: str
) -> Iterator[str]:
    """A target that is missed beyond chance, or so many times in a row: of each the latest such period."""
    by_weight = sorted(missed, key=lambda row: (bool(row["is_beyond_chance"]), row["period_start"]))
    latest = {(row["measure"], row["period_grain"]): row for row in by_weight}
    for row in sorted(latest.values(), key=lambda row: not row["is_beyond_chance"]):
        sentence = targets.sentence(row, glossary, language, currency)
        times = in_a_row(row, all_rows)
        if row["is_beyond_chance"]:
            yield language.say("review.decide_target", sentence=sentence)
        elif times >= IN_A_ROW:
            yield language.say("review.decide_again", sentence=sentence, times=language.number(times))


def in_a_row(row: Row, rows: Sequence[Row]) -> int:
    """How many periods up to this one missed their target without one between that met it or is unknown."""
    same = ("measure", "period_grain")
    past = [other for other in rows if all(other[name] == row[name] for name in same)]
    times = 0
    for other in sorted(past, key=lambda one: one["period_start"], reverse=True):
        if other["period_start"] > row["period_start"]:
            continue
        if other["is_met"] is not False:
            break
        times += 1
    return times


def of_retention(
    before: Row | None, now: Row, segments: Sequence[Row], glossary: Glossary, language: Language
) -> Iterator[str]:
    """A fall of the retained customers that chance does not explain, with the segment that it comes from."""
    rate = changes.RATE
    if before is None or not changes.comparable(before, now):
        return
    if now[rate] >= before[rate] or changes.overlap(before, now):
        return
    parts = [row for row in segments if row["dimension"] != "all" and (row["retained_rate_contribution"] or 0) < 0]
    segment = ""
    if parts:
        worst = min(parts, key=lambda row: row["retained_rate_contribution"])
        segment = language.say(
            "review.decide_segment",
            segment=language.dimension_value(worst["dimension_value"]),
            dimension=language.dimension(worst["dimension"]),
            points=language.points(worst["retained_rate_contribution"]),
        )
    yield language.say(
        "review.decide_fall",
        name=glossary.term(rate).name,
        rate=language.percent(now[rate]),
        period=language.period(now["period_grain"], now["period_start"]),
        rate_before=language.percent(before[rate]),
        before=language.period(before["period_grain"], before["period_start"]),
        segment=segment,
    )


def of_rules(rules: Sequence[Row], language: Language) -> Iterator[str]:
    """A rule whose arms are not as they were drawn, and one that helps or harms beyond chance, over all rules. `rules`:
    actions.of_rules."""
    for row in rules:
        if row["verdict"] == "broken":
            yield language.say(
                "review.decide_broken",
                rule=rule_name(row, language),
                left=language.number(row["left_alone_customers"]),
                all=language.number(row["treated_customers"] + row["left_alone_customers"]),
                asked=language.percent(row["asked_control_share"]),
            )
        elif row["verdict"] in PROVEN:
            yield language.say(
                f"review.decide_{row['verdict']}",
                rule=rule_name(row, language),
                uplift=language.points(row["uplift"]),
                low=language.points(row["always_valid_low"]),
                high=language.points(row["always_valid_high"]),
                treated=language.number(row["treated"]),
                control=language.number(row["control"]),
            )


def of_programme(months: Sequence[Row], said: Sequence[str], language: Language) -> Iterator[str]:
    """A whole month in which the playbook cost revenue, beyond chance."""
    for row, sentence in zip(months, said, strict=True):
        if row["is_complete"] and row["revenue_difference_high"] is not None and row["revenue_difference_high"] < 0:
            yield language.say("review.decide_programme", sentence=sentence)


def of_cohorts(worse: Sequence[str], language: Language) -> Iterator[str]:
    for sentence in worse:
        yield language.say("review.decide_cohort", sentence=sentence)


def of_audit(points: Sequence[Row], language: Language) -> Iterator[str]:
    """The weakest points that were scored low."""
    low = [row for row in points if row["audit_score"] is not None and row["audit_score"] <= LOW_SCORE]
    for row in low[:MOST_AUDIT_POINTS]:
        yield language.say(
            "review.decide_audit",
            question=row[f"question_{language.code}"],
            score=row["audit_score"],
            most=row["max_score"],
            evidence=row[f"evidence_{language.code}"],
            step=row[f"first_step_{language.code}"],
        )


def ends(grain: str, start: date) -> date:
    """The day after a period's last day."""
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, 1)
