"""The funnel from awareness to advocacy: how far people come, where it breaks, and what each stage says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from reports.charts import Chart, Series, few_labels, lines, lying_bars
from reports.colours import STAGES as COLOURS
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.questions import Row
from reports.signals import no_activities
from reports.tables import Column, Table

STAGES = ("prospect", "new", "active", "loyal", "reactivated", "at_risk", "lost", "advocate")
OVERLAY = "advocate"  # who stands in a stage of their own, too
CUSTOMERS = "customers"
SECOND_ORDERS = ("second_order_rate_30d", "second_order_rate_60d", "second_order_rate_90d")
# The steps of the funnel: what happens, in which row the figure stands, and how many days after a month it is settled.
# None: with the end of the next month.
STEPS: Sequence[tuple[str, str, str, int | None]] = (
    ("awareness", "prospect", CUSTOMERS, 0),
    ("conversion", "prospect", "conversion_next_month_rate", None),
    ("acquisition", "new", "acquired", 0),
    ("activation", "new", "activation_rate", 14),
    *(("retention", "new", kpi, days) for kpi, days in zip(SECOND_ORDERS, (30, 60, 90), strict=True)),
    ("retention", "new", "median_days_to_second_order", 90),
    ("loyalty", "loyal", CUSTOMERS, 0),
    ("advocacy", OVERLAY, CUSTOMERS, 0),
)
# What a chart shows over time: one measure, or those that belong together.
COURSES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "second_orders": tuple(("new", kpi) for kpi in SECOND_ORDERS),
    "days_to_second": (("new", "median_days_to_second_order"),),
    "acquired": (("new", "acquired"),),
    "conversion_of_prospects": (("prospect", "conversion_next_month_rate"),),
    "prospects": (("prospect", CUSTOMERS),),
    "activation": (("new", "activation_rate"),),
    "bonds": (("loyal", CUSTOMERS), (OVERLAY, CUSTOMERS)),
}
# The type of activity that each measure of a stage needs.
NEEDS: Mapping[str, str] = {
    "nps": "nps", "nps_responses": "nps", "average_csat": "csat", "tickets_per_customer": "ticket_opened",
    "median_first_reply_minutes": "ticket_first_reply", "emails_sent": "email_sent", "email_open_rate": "email_opened",
    "referrals_sent": "referral_sent", "referrals_converted": "referral_converted",
}  # fmt: skip
COURSE = 36  # months in a chart


def of_stage(rows: Sequence[Row], stage: str) -> list[Row]:
    return [row for row in rows if row["lifecycle_stage"] == stage]


def of_month(rows: Sequence[Row], month: date) -> dict[str, Row]:
    """The stages of a month by name."""
    return {row["lifecycle_stage"]: row for row in rows if row["month_start"] == month}


def last_day(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def settled(rows: Sequence[Row], stage: str, kpi: str, days: int | None, as_of: date) -> list[Row]:
    """The months in which a figure of a stage will not change any more, oldest first."""
    return [
        row
        for row in of_stage(rows, stage)
        if row[kpi] is not None
        and (row["is_next_month_complete"] if days is None else last_day(row["month_start"]) + timedelta(days) <= as_of)
    ]


def days_of(stage: str, kpi: str) -> int | None:
    return next(days for _, of, name, days in STEPS if (of, name) == (stage, kpi))


def has_prospects(rows: Sequence[Row]) -> bool:
    return any(row[CUSTOMERS] for row in of_stage(rows, "prospect"))


def is_known(rows: Sequence[Row], stage: str, kpi: str) -> bool:
    """Whether the shop has what a figure is made of: where nobody is asked, 0 advocates say nothing."""
    if stage == "prospect":
        return has_prospects(rows)
    if stage == OVERLAY:
        return any(row[name] is not None for row in rows for name in ("nps_responses", "referrals_converted"))
    return any(row[kpi] is not None for row in of_stage(rows, stage))


def courses(rows: Sequence[Row]) -> list[str]:
    """The courses that this shop can show."""
    return [name for name, parts in COURSES.items() if any(is_known(rows, *part) for part in parts)]


def sentences(rows: Sequence[Row], as_of: date, glossary: Glossary, language: Language) -> Iterator[str]:
    """Who was won last, who of the prospects, who came back, and how many are loyal and advocates."""

    def latest(stage: str, kpi: str) -> Row | None:
        found = settled(rows, stage, kpi, days_of(stage, kpi), as_of)
        return found[-1] if found else None

    def month_of(row: Row) -> str:
        return language.period("month", row["month_start"])

    won = latest("new", "acquired")
    if won is None:
        yield language.say("funnel.no_month")
        return
    bonds = of_month(rows, won["month_start"])
    yield language.say(
        "funnel.won",
        month=month_of(won),
        acquired=language.number(won["acquired"]),
        loyal=language.number(bonds["loyal"][CUSTOMERS]),
    )
    if is_known(rows, OVERLAY, CUSTOMERS):
        yield language.say("funnel.advocates", advocates=language.number(bonds[OVERLAY][CUSTOMERS]))
    else:
        yield no_activities([language.stage(OVERLAY)], ["nps", "referral_converted"], language)
    converted = latest("prospect", "conversion_next_month_rate")
    if not has_prospects(rows):
        yield language.say("funnel.no_prospects")
    elif converted:
        yield language.say(
            "funnel.converted",
            month=month_of(converted),
            prospects=language.number(converted[CUSTOMERS]),
            rate=language.percent(converted["conversion_next_month_rate"]),
        )
    if not is_known(rows, "new", "activation_rate"):
        yield no_activities([glossary.term("activation_rate").name], ["product_use"], language)
    elif activated := latest("new", "activation_rate"):
        rate = language.percent(activated["activation_rate"])
        yield language.say("funnel.activated", month=month_of(activated), rate=rate)
    if back := latest("new", "second_order_rate_90d"):
        yield language.say(
            "funnel.came_back",
            month=month_of(back),
            **{f"rate_{kpi[18:-1]}": language.percent(back[kpi]) for kpi in SECOND_ORDERS},
        )
        if back["median_days_to_second_order"] is not None:
            yield language.say("funnel.days", days=language.number(back["median_days_to_second_order"]))


def step_table(rows: Sequence[Row], as_of: date, glossary: Glossary, language: Language) -> Table:
    """Each step of the funnel with its latest settled month, beside the month before and the year before."""
    columns = [
        Column("step", language.say("funnel.step")),
        Column("now", language.say("funnel.value"), "shown"),
        Column("month", language.say("common.month")),
        Column("before", language.say("funnel.month_before"), "shown"),
        Column("year", language.say("funnel.year_before"), "shown"),
    ]
    found = []
    for step, stage, kpi, days in STEPS:
        known = settled(rows, stage, kpi, days, as_of) if is_known(rows, stage, kpi) else []
        if not known:
            continue
        unit = "customers" if kpi == CUSTOMERS else glossary.term(kpi).unit
        at = {row["month_start"]: row[kpi] for row in known}
        now = known[-1]["month_start"]
        others = {"before": (now - timedelta(days=1)).replace(day=1), "year": now.replace(year=now.year - 1)}
        found.append(
            {
                "step": f"{language.say(f'funnel.{step}')}: {measure(stage, kpi, glossary, language)}",
                "month": language.period("month", now),
                "now": language.value(at[now], unit),
                **{side: language.value(at.get(month), unit) for side, month in others.items()},
            }
        )
    return Table(columns, found)


def measure(stage: str, kpi: str, glossary: Glossary, language: Language) -> str:
    """The name of a figure; of customers at a stage, that of the stage."""
    if kpi == CUSTOMERS:
        return language.say("funnel.at_stage", stage=language.stage(stage))
    return glossary.term(kpi).name


def course(rows: Sequence[Row], name: str, as_of: date, glossary: Glossary, language: Language) -> Chart:
    """What belongs together, over the months in which it is settled."""
    parts = [part for part in COURSES[name] if is_known(rows, *part)]
    known = [settled(rows, stage, kpi, days_of(stage, kpi), as_of) for stage, kpi in parts]
    months = sorted({row["month_start"] for found in known for row in found})[-COURSE:]
    labels = [language.short_period("month", month) for month in months]
    series, columns, values = [], [Column("month", language.say("common.month"), "period", "month")], {}
    unit = "customers" if parts[0][1] == CUSTOMERS else glossary.term(parts[0][1]).unit
    for (stage, kpi), found in zip(parts, known, strict=True):
        key = f"{stage} {kpi}"
        at = {row["month_start"]: row[kpi] for row in found}
        values[key] = at
        called = measure(stage, kpi, glossary, language)
        series.append(Series(called, [at.get(month) for month in months]))
        columns.append(Column(key, called, unit))
    alt = language.say(
        "funnel.course_alt",
        names=", ".join(one.name for one in series),
        first=labels[0] if labels else NOTHING,
        last=labels[-1] if labels else NOTHING,
    )
    table = [{"month": month, **{key: at.get(month) for key, at in values.items()}} for month in reversed(months)]
    figure = lines(labels, series, unit, language, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, Table(columns, table))


# Stages of a month beside each other


def months(rows: Sequence[Row]) -> list[date]:
    """The months of which it is known, or begins to be, who is lost in the next one; the latest first."""
    return sorted({row["month_start"] for row in rows if row["lost_next_month"] is not None}, reverse=True)


def usual_month(rows: Sequence[Row]) -> date:
    """The latest month whose next month is over; else the latest."""
    known = [row["month_start"] for row in rows if row["is_next_month_complete"]]
    return max(known) if known else months(rows)[0]


def breaks(rows: Sequence[Row], month: date) -> list[Row]:
    """The stages that lose customers in the next month, those with most revenue first; the overlay is none."""
    losing = [row for row in of_month(rows, month).values() if row["lost_next_month"]]
    losing.sort(key=lambda row: (-row["revenue_at_stake"], STAGES.index(row["lifecycle_stage"])))
    return [row for row in losing if row["lifecycle_stage"] != OVERLAY]


def break_sentences(rows: Sequence[Row], month: date, language: Language, currency: str) -> Iterator[str]:
    """Where most revenue is lost, and who of the advocates goes with it."""
    found = breaks(rows, month)
    next_month = language.period("month", last_day(month) + timedelta(days=1))
    if not found:
        yield language.say("funnel.nobody_lost", month=next_month)
    else:
        first = found[0]
        yield language.say(
            "funnel.break",
            month=next_month,
            stage=language.stage(first["lifecycle_stage"]),
            lost=language.number(first["lost_next_month"]),
            customers=language.number(first[CUSTOMERS]),
            rate=language.percent(first["lost_next_month_rate"]),
            revenue=language.money(first["revenue_at_stake"], currency, 0),
        )
    advocates = of_month(rows, month)[OVERLAY]
    if advocates["lost_next_month"]:
        yield language.say(
            "funnel.advocates_lost",
            lost=language.number(advocates["lost_next_month"]),
            revenue=language.money(advocates["revenue_at_stake"], currency, 0),
        )
    if not advocates["is_next_month_complete"]:
        yield language.say("funnel.next_month_runs", month=next_month)


def break_points(rows: Sequence[Row], month: date, glossary: Glossary, language: Language, currency: str) -> Chart:
    """Revenue at stake by stage, the most first, with how many of how many are lost."""
    found = breaks(rows, month)
    names = [
        language.say(
            "funnel.lost_of",
            stage=language.stage(row["lifecycle_stage"]),
            lost=language.number(row["lost_next_month"]),
            customers=language.number(row[CUSTOMERS]),
        )
        for row in found
    ]
    values = [row["revenue_at_stake"] for row in found]
    parts = ", ".join(
        f"{name}: {language.money(value, currency, 0)}" for name, value in zip(names, values, strict=True)
    )
    figure = lying_bars(
        names, values, "currency", language, currency, colours=[COLOURS[row["lifecycle_stage"]] for row in found]
    )
    kpis = ("lost_next_month", "lost_next_month_rate", "revenue_at_stake")
    table = stage_table(rows if found else [], month, kpis, glossary, language)
    alt = language.say("funnel.breaks_alt", month=language.period("month", month), parts=parts or NOTHING)
    return Chart(figure, alt, table)


def values_of(rows: Sequence[Row], month: date, glossary: Glossary, language: Language, currency: str) -> Chart:
    """What a customer of each stage is worth over a lifespan."""
    kpi = "clv_by_lifespan"
    at = of_month(rows, month)
    found = [at[stage] for stage in STAGES if at[stage][kpi] is not None]
    names = [language.stage(row["lifecycle_stage"]) for row in found]
    values = [row[kpi] for row in found]
    parts = ", ".join(f"{name} {language.money(value, currency, 0)}" for name, value in zip(names, values, strict=True))
    figure = lying_bars(
        names, values, "currency", language, currency, colours=[COLOURS[row["lifecycle_stage"]] for row in found]
    )
    alt = language.say(
        "funnel.values_alt",
        name=glossary.term(kpi).name,
        month=language.period("month", month),
        parts=parts or NOTHING,
    )
    return Chart(figure, alt, stage_table(rows if found else [], month, (kpi,), glossary, language))


def stage_table(rows: Sequence[Row], month: date, kpis: Sequence[str], glossary: Glossary, language: Language) -> Table:
    """Figures of each stage of a month, in the order of the funnel."""
    at = of_month(rows, month)
    columns = [
        Column("stage", glossary.term("lifecycle_stage").name),
        Column(CUSTOMERS, language.say("common.customers"), "customers"),
        *map(glossary.column, kpis),
    ]
    return Table(columns, [{**at[stage], "stage": language.stage(stage)} for stage in STAGES if stage in at])


def signals_known(rows: Sequence[Row]) -> list[str]:
    """The measures of signals that this shop has: of one that it lacks each row is null."""
    return [kpi for kpi in NEEDS if any(row[kpi] is not None for row in rows)]


def signals_missing(rows: Sequence[Row], glossary: Glossary, language: Language) -> str:
    """In a sentence what this shop lacks for figures by stage; empty where it has everything."""
    known = signals_known(rows)
    missing = [kpi for kpi in NEEDS if kpi not in known]
    if not missing:
        return ""
    types = list(dict.fromkeys(NEEDS[kpi] for kpi in missing))
    return no_activities([glossary.term(kpi).name for kpi in missing], types, language)
