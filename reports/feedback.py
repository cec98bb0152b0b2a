"""Feedback and support: what customers say of the shop, and how quickly they get help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from reports.charts import Chart, Series, few_labels, lines, lying_bars, stacks
from reports.colours import BLUE, GREY, ORANGE
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.overview import complete
from reports.questions import Row
from reports.tables import Column, Table

ALL = "all"
PARTS = {"promoters": BLUE, "passives": GREY, "detractors": ORANGE}  # of the voices
COURSE = {"week": 52, "month": 36, "quarter": 20}  # periods in a chart
# The types of activity that each measure of support needs: a shop without them does not know it, whatever the mart has.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "median_first_reply_minutes": ("ticket_first_reply",),
    "replied_within_target_rate": ("ticket_first_reply",),
    "tickets_without_reply": ("ticket_first_reply", "ticket_opened"),
    "tickets_opened": ("ticket_opened",),
    "tickets_per_100_active_customers": ("ticket_opened",),
    "frequent_contacts": ("ticket_opened",),
    "median_solved_minutes": ("ticket_solved",),
    "solved_within_target_rate": ("ticket_solved",),
    "csat_score": ("csat",),
    "average_csat": ("csat",),
    "complaints": ("complaint",),
}
TYPES = ("ticket_opened", "ticket_first_reply", "ticket_solved", "csat", "complaint")
OF_ALL_CHANNELS = ("tickets_per_100_active_customers", "frequent_contacts")  # which no channel has
COUNTED = {"csat_score": "csat_responses", "average_csat": "csat_responses"}  # what a measure rests on, beside it
COUNTED |= dict.fromkeys(("median_first_reply_minutes", "replied_within_target_rate"), "first_replies")
COUNTED |= dict.fromkeys(("median_solved_minutes", "solved_within_target_rate"), "tickets_solved")


# Net promoter score


def nps_sentences(rows: Sequence[Row], start: date, language: Language) -> Iterator[str]:
    """The score of a period with its margin, its voices, and whether it differs from the one before."""
    over = complete(rows)
    now = next(row for row in rows if row["period_start"] == start)
    grain, period = now["period_grain"], language.period(now["period_grain"], start)
    if not now["responses"]:
        yield language.say("feedback.no_voices", period=period)
        return
    said = {"period": period, "nps": language.number(now["nps"]), "responses": language.number(now["responses"])}
    if now["nps_margin"] is None:
        yield language.say("feedback.one_voice", **said)
    else:
        yield language.say("feedback.nps", **said, margin=language.number(now["nps_margin"]))
    yield language.say("feedback.voices", **{part: language.number(now[part]) for part in PARTS})
    before = next((row for row in reversed(over) if row["period_start"] < start and row["responses"]), None)
    if before is None or now["nps_margin"] is None or before["nps_margin"] is None:
        return
    compared = {"before": language.number(before["nps"]), "period": language.period(grain, before["period_start"])}
    verdict = "may_be_chance" if overlap(before, now) else "beyond_chance"
    yield language.say(f"feedback.{verdict}", **compared)


def overlap(one: Row, other: Row) -> bool:
    """Whether the ranges of two scores share a part."""
    return abs(one["nps"] - other["nps"]) <= one["nps_margin"] + other["nps_margin"]


def nps_course(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Chart:
    """The score over time with its margin as a ribbon."""
    over = [row for row in complete(rows) if row["responses"]]
    recent = over[-COURSE[grain] :]
    term = glossary.term("nps")
    labels = [language.short_period(grain, row["period_start"]) for row in recent]
    line = Series(
        term.name,
        [row["nps"] for row in recent],
        [end(row, -1) for row in recent],
        [end(row, 1) for row in recent],
        [language.say("feedback.of_voices", voices=language.number(row["responses"])) for row in recent],
    )
    columns = [
        Column("period_start", language.say(f"common.{grain}"), "period", grain),
        *map(glossary.column, ("nps", "nps_margin", "responses", *PARTS, "answers")),
    ]
    alt = language.say(
        "feedback.nps_alt",
        name=term.name,
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        value=language.number(recent[-1]["nps"]) if recent else "",
    )
    figure = lines(labels, [line], term.unit, language)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, Table(columns, over[::-1]))


def end(row: Row, side: int) -> float | None:
    """An end of the range of a score, which no score can exceed."""
    if row["nps_margin"] is None:
        return None
    return max(-100.0, min(100.0, row["nps"] + side * row["nps_margin"]))


def nps_parts(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Chart:
    """The voices of each period: promoters, passives and detractors."""
    over = complete(rows)
    recent = over[-COURSE[grain] :]
    labels = [language.short_period(grain, row["period_start"]) for row in recent]
    series = [Series(glossary.term(part).name, [row[part] for row in recent]) for part in PARTS]
    columns = [
        Column("period_start", language.say(f"common.{grain}"), "period", grain),
        *map(glossary.column, (*PARTS, "responses")),
    ]
    alt = language.say(
        "feedback.parts_alt",
        parts=", ".join(one.name for one in series),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
    figure = stacks(labels, series, "events", language, colours=list(PARTS.values()))
    return Chart(figure, alt, Table(columns, over[::-1]))


# Support


def channels(rows: Sequence[Row]) -> list[str]:
    """All channels together, then those with most tickets."""
    opened: dict[str, int] = {}
    for row in rows:
        opened[row["channel"]] = opened.get(row["channel"], 0) + row["tickets_opened"]
    return sorted(opened, key=lambda channel: (channel != ALL, -opened[channel], channel))


def of_channel(rows: Sequence[Row], channel: str) -> list[Row]:
    return [row for row in rows if row["channel"] == channel]


def channel_name(channel: str, language: Language) -> str:
    return language.say("feedback.all_channels") if channel == ALL else language.dimension_value(channel)


def measures(missing: Sequence[str], channel: str = ALL) -> list[str]:
    """What a shop without these types of activity knows of a channel."""
    known = [kpi for kpi, needs in NEEDS.items() if not set(needs) & set(missing)]
    return [kpi for kpi in known if channel == ALL or kpi not in OF_ALL_CHANNELS]


def not_known(missing: Sequence[str], glossary: Glossary) -> Iterator[tuple[str, list[str]]]:
    """Each type of activity that is missing, with the measures that need it."""
    for one in missing:
        yield one, [glossary.term(kpi).name for kpi, needs in NEEDS.items() if one in needs]


def support_sentences(
    row: Row, known: Sequence[str], settings: Mapping[str, object], language: Language
) -> Iterator[str]:
    """How quickly customers got a reply, how often they needed help, and what they thought of it."""
    of = {
        "channel": channel_name(row["channel"], language),
        "period": language.period(row["period_grain"], row["period_start"]),
    }
    if "median_first_reply_minutes" not in known:
        yield language.say("feedback.of", **of)
    elif row["first_replies"]:
        yield language.say(
            "feedback.replied",
            **of,
            median=language.value(row["median_first_reply_minutes"], "minutes"),
            rate=language.percent(row["replied_within_target_rate"]),
            target=target(settings, language),
        )
    else:
        yield language.say("feedback.not_replied", **of)
    if "tickets_opened" in known:
        yield language.say("feedback.opened", tickets=language.number(row["tickets_opened"]))
        if row["tickets_per_100_active_customers"] is not None:
            per_100 = language.number(row["tickets_per_100_active_customers"], 1)
            yield language.say("feedback.per_100", tickets=per_100)
        if "tickets_without_reply" in known and row["tickets_without_reply"]:
            yield language.say("feedback.without_reply", tickets=language.number(row["tickets_without_reply"]))
        if row["frequent_contacts"] and settings.get("frequent_contact_tickets"):
            yield language.say(
                "feedback.frequent",
                customers=language.number(row["frequent_contacts"]),
                tickets=settings["frequent_contact_tickets"],
            )
    if "csat_score" in known and row["csat_responses"]:
        yield language.say(
            "feedback.csat",
            rate=language.percent(row["csat_score"]),
            answers=language.number(row["csat_responses"]),
        )


def target(settings: Mapping[str, object], language: Language) -> str:
    """The target for a first reply, where the settings of the build were noted."""
    minutes = settings.get("first_reply_target_minutes")
    return "" if minutes is None else f" ({language.value(minutes, 'minutes')})"


def support_table(
    rows: Sequence[Row], grain: str, known: Sequence[str], glossary: Glossary, language: Language
) -> Table:
    """All that is known, by period and channel, the latest period first."""
    beside = dict.fromkeys(COUNTED[kpi] for kpi in known if kpi in COUNTED)
    columns = [
        Column("period_start", language.say(f"common.{grain}"), "period", grain),
        Column("channel", language.say("feedback.channel")),
        *map(glossary.column, (*known, *beside)),
        glossary.column("is_complete"),
    ]
    found = [{**row, "channel": channel_name(row["channel"], language)} for row in rows]
    return Table(columns, sorted(found, key=lambda row: row["period_start"], reverse=True))


def by_channel(
    rows: Sequence[Row], start: date, kpi: str, known: Sequence[str], glossary: Glossary, language: Language
) -> Chart:
    """One measure of each channel in a period, with what it rests on."""
    term = glossary.term(kpi)
    found = [row for row in rows if row["period_start"] == start]
    shown = [row for row in found if row[kpi] is not None]
    shown.sort(key=lambda row: (row["channel"] != ALL, -float(row[kpi])))
    names = [beside(row, kpi, language) for row in shown]
    values = [row[kpi] for row in shown]
    colours = [GREY if row["channel"] == ALL else BLUE for row in shown]
    grain = found[0]["period_grain"]
    parts = ", ".join(f"{name} {language.value(value, term.unit)}" for name, value in zip(names, values, strict=True))
    alt = language.say(
        "feedback.by_channel_alt", name=term.name, period=language.period(grain, start), parts=parts or NOTHING
    )
    return Chart(
        lying_bars(names, values, term.unit, language, colours=colours),
        alt,
        support_table(found, grain, known, glossary, language),
    )


def beside(row: Row, kpi: str, language: Language) -> str:
    """A channel, with how many replies or answers its figure rests on."""
    name = channel_name(row["channel"], language)
    return f"{name} ({language.number(row[COUNTED[kpi]])})" if kpi in COUNTED else name


def support_course(
    rows: Sequence[Row],
    grain: str,
    kpi: str,
    channel: str,
    known: Sequence[str],
    glossary: Glossary,
    language: Language,
) -> Chart:
    """One measure of a channel over the periods that are over, beside all channels together where it is another."""
    term = glossary.term(kpi)
    over = complete(rows)
    starts = sorted({row["period_start"] for row in over})[-COURSE[grain] :]
    labels = [language.short_period(grain, start) for start in starts]
    series = []
    for one in dict.fromkeys((channel, ALL)):
        at = {row["period_start"]: row for row in of_channel(over, one)}
        series.append(Series(channel_name(one, language), [at[start][kpi] for start in starts]))
    series = [one for one in series if any(value is not None for value in one.values)]
    alt = language.say(
        "feedback.course_alt",
        name=term.name,
        channels=", ".join(one.name for one in series),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
    figure = lines(labels, series, term.unit, language, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, support_table(over if series else [], grain, known, glossary, language))
