"""What changed in retention and why: in sentences, and segment by segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, Series, contributions, dots
from reports.glossary import Glossary, Term
from reports.language import Language
from reports.overview import year_before
from reports.questions import Row
from reports.tables import Column, Table

RATE = "retained_customer_rate"  # the rate whose change the segments share out
EFFECTS = ("retained_rate_contribution", "rate_effect", "mix_effect")
AGAINST = ("previous", "year_before")  # with what a period is compared; a year before is free of the season
WORTH_A_WORD = 0.0005  # of a change: less is shown as 0.0
MOST = 12  # segments in a chart


def sentences(
    before: Row | None, now: Row, segments: Sequence[Row], glossary: Glossary, language: Language
) -> Iterator[str]:
    """How the rate changed against the period before, whether that may be chance, and which segments it comes from."""
    grain = now["period_grain"]
    period = language.period(grain, now["period_start"])
    if before is None:
        yield language.say("changes.nothing_before", period=period)
        return
    if not comparable(before, now):
        yield language.say(
            "changes.not_comparable", period=period, before=language.period(grain, before["period_start"])
        )
        return
    change = now[RATE] - before[RATE]
    yield language.say(
        f"changes.{direction(change)}",
        name=glossary.term(RATE).name,
        period=period,
        before=language.period(grain, before["period_start"]),
        rate=language.percent(now[RATE]),
        rate_before=language.percent(before[RATE]),
        points=language.points(abs(change)).lstrip("+"),
    )
    if direction(change) != "level" and overlap(before, now):
        yield language.say("changes.may_be_chance")
    for dimension in dimensions_of(segments):
        yield from by_dimension(dimension, of(segments, dimension), change, language)


def comparable(before: Row, now: Row) -> bool:
    """Whether the customers at the start of both periods are known, so that a difference says something."""
    known = now[RATE] is not None and before[RATE] is not None
    return known and not before["is_left_censored"] and not now["is_left_censored"]


def compared(segments: Sequence[Row], against: str) -> list[Row]:
    """The segments with what they added to the change against the period before, or against the year before."""
    if against == "previous":
        return list(segments)
    return [{**row, **{effect: row[f"{effect}_year_before"] for effect in EFFECTS}} for row in segments]


def direction(change: float) -> str:
    if abs(change) < WORTH_A_WORD:
        return "level"
    return "rose" if change > 0 else "fell"


def overlap(one: Row, other: Row) -> bool:
    """Whether the intervals of both rates share a part."""
    low, high = f"{RATE}_low", f"{RATE}_high"
    return one[low] <= other[high] and other[low] <= one[high]


def dimensions_of(segments: Sequence[Row]) -> list[str]:
    """Dimensions that divide the customers, in the order of the rows."""
    found = dict.fromkeys(row["dimension"] for row in segments)
    return [dimension for dimension in found if len(of(segments, dimension)) > 1]


def of(segments: Sequence[Row], dimension: str) -> list[Row]:
    return [row for row in segments if row["dimension"] == dimension]


def by_dimension(dimension: str, segments: Sequence[Row], change: float, language: Language) -> Iterator[str]:
    """The segment that moved the rate most, and the one that worked against it most."""
    known = [row for row in segments if abs(row["retained_rate_contribution"] or 0) >= WORTH_A_WORD]
    up = change >= 0
    known.sort(key=lambda row: row["retained_rate_contribution"], reverse=up)
    if not known:
        return
    first, last = known[0], known[-1]
    parts = []
    if (first["retained_rate_contribution"] > 0) == up:
        parts.append(language.say("changes.most", **because(first, language)))
    if (last["retained_rate_contribution"] > 0) != up:
        parts.append(language.say("changes.against", **because(last, language)))
    yield f"{language.dimension(dimension)}: {'; '.join(parts)}."


def because(row: Row, language: Language) -> dict[str, str]:
    """A segment, what it added, and whether it kept its customers better or worse, or merely has another weight."""
    by_rate = abs(row["rate_effect"]) >= abs(row["mix_effect"])
    kept = "kept_more" if row["rate_effect"] > 0 else "kept_less"
    return {
        "segment": language.dimension_value(row["dimension_value"]),
        "points": language.points(row["retained_rate_contribution"]),
        "why": language.say(f"changes.{kept if by_rate else 'other_weight'}"),
    }


def segment_table(
    segments: Sequence[Row], dimension: str, against: str, glossary: Glossary, language: Language
) -> Table:
    kpis = (
        "customers_at_start", "churned_customers", RATE, f"{RATE}_low", f"{RATE}_high",
        "retained_rate_contribution", "rate_effect", "mix_effect",
    )  # fmt: skip
    columns = [Column("segment", language.dimension(dimension))]
    for kpi in kpis:
        term = effect_term(kpi, against, glossary)
        columns.append(Column(kpi, term.name, "points" if kpi in EFFECTS else term.unit, tip=term.definition))
    rows = [{**row, "segment": language.dimension_value(row["dimension_value"])} for row in of(segments, dimension)]
    return Table(columns, rows)


def effect_term(kpi: str, against: str, glossary: Glossary) -> Term:
    return glossary.term(f"{kpi}_year_before" if against == "year_before" and kpi in EFFECTS else kpi)


def contribution_chart(
    segments: Sequence[Row], dimension: str, against: str, glossary: Glossary, language: Language
) -> Chart:
    """What each segment added to the change, by keeping more or fewer and by its weight."""
    rows = [row for row in of(segments, dimension) if row["retained_rate_contribution"] is not None]
    rows = sorted(rows, key=lambda row: -abs(row["retained_rate_contribution"]))[:MOST]
    parts = [(effect_term(kpi, against, glossary).name, [row[kpi] for row in rows]) for kpi in EFFECTS[1:]]
    alt = language.say(
        "changes.contributions_alt",
        dimension=language.dimension(dimension),
        parts=", ".join(
            f"{language.dimension_value(row['dimension_value'])} {language.points(row['retained_rate_contribution'])}"
            for row in rows[:3]
        ),
    )
    names = [language.dimension_value(row["dimension_value"]) for row in rows]
    return Chart(
        contributions(names, parts, language), alt, segment_table(segments, dimension, against, glossary, language)
    )


def ranking_chart(
    segments: Sequence[Row], dimension: str, against: str, glossary: Glossary, language: Language
) -> Chart:
    """Which segment kept most of its customers, with what chance alone can make of it."""
    rows = [row for row in of(segments, dimension) if row[RATE] is not None and not row["is_left_censored"]]
    largest = sorted(rows, key=lambda row: -row["customers_at_start"])[:MOST]
    rows = sorted(largest, key=lambda row: -row[RATE])
    names = [language.dimension_value(row["dimension_value"]) for row in rows]
    line = Series(
        glossary.term(RATE).name,
        [row[RATE] for row in rows],
        [row[f"{RATE}_low"] for row in rows],
        [row[f"{RATE}_high"] for row in rows],
        [language.say("changes.of_customers", customers=language.number(row["customers_at_start"])) for row in rows],
    )
    alt = language.say("changes.nobody") if not rows else language.say(
        "changes.ranking_alt",
        name=glossary.term(RATE).name,
        dimension=language.dimension(dimension),
        best=names[0],
        best_rate=language.percent(rows[0][RATE]),
        worst=names[-1],
        worst_rate=language.percent(rows[-1][RATE]),
    )  # fmt: skip
    return Chart(
        dots(names, line, "rate", language), alt, segment_table(segments, dimension, against, glossary, language)
    )


def before(rows: Sequence[Row], now: Row, against: str) -> Row | None:
    """The period that one is compared with, where there is one."""
    grain, start = now["period_grain"], now["period_start"]
    if against == "year_before":
        return next((row for row in rows if row["period_start"] == year_before(grain, start)), None)
    return next((row for row in reversed(rows) if row["period_start"] < start), None)
