"""E-mails: how many are sent, opened and clicked, and who no longer reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from reports.charts import Chart, Series, bars, few_labels, lines
from reports.glossary import Glossary
from reports.language import Language
from reports.overview import complete, kpi_table
from reports.questions import Row

RATES = ("open_rate", "click_rate")
STREAK = "customers_with_unopened_streak"
CARDS = ("emails_sent", "recipients", *RATES, STREAK, "unmatched_events")
OF_OPENS = ("emails_opened", "emails_clicked", *RATES, STREAK)  # nobody knows them where opens are not tracked
KPIS = (
    "emails_sent", "recipients", "emails_opened", "emails_clicked", *RATES, STREAK, "unmatched_events"
)  # fmt: skip
COURSE = {"week": 52, "month": 36}  # periods in a chart


def tracks_opens(rows: Sequence[Row]) -> bool:
    return any(row["emails_opened"] is not None for row in rows)


def known(rows: Sequence[Row], kpis: Sequence[str]) -> list[str]:
    """Of these measures those that this shop knows."""
    return [kpi for kpi in kpis if kpi not in OF_OPENS or tracks_opens(rows)]


def sentences(rows: Sequence[Row], start: date, language: Language) -> Iterator[str]:
    """How many e-mails went out in a period, how many were read, and who no longer opens."""
    now = next(row for row in rows if row["period_start"] == start)
    said = {
        "period": language.period(now["period_grain"], start),
        "sent": language.number(now["emails_sent"]),
        "recipients": language.number(now["recipients"]),
    }
    yield language.say("emails.sent", **said)
    if not tracks_opens(rows):
        yield language.say("emails.not_tracked")
        return
    if now["open_rate"] is not None:
        yield language.say(
            "emails.opened", opened=language.percent(now["open_rate"]), clicked=language.percent(now["click_rate"])
        )
    if now[STREAK]:
        yield language.say("emails.streak", customers=language.number(now[STREAK]))


def rates(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Chart:
    """The share that is opened and clicked over the periods whose e-mails had their time."""
    return course(rows, grain, RATES, glossary, language)


def streak(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Chart:
    """Recipients who no longer open, over time."""
    return course(rows, grain, (STREAK,), glossary, language)


def course(rows: Sequence[Row], grain: str, kpis: Sequence[str], glossary: Glossary, language: Language) -> Chart:
    recent = complete(rows)[-COURSE[grain] :]
    labels = [language.short_period(grain, row["period_start"]) for row in recent]
    series = [Series(glossary.term(kpi).name, [row[kpi] for row in recent]) for kpi in kpis]
    figure = lines(labels, series, glossary.term(kpis[0]).unit, language, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt(series, labels, language), kpi_table(complete(rows), grain, glossary, language, kpis))


def sent(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Chart:
    """How many e-mails went out."""
    recent = complete(rows)[-COURSE[grain] :]
    labels = [language.short_period(grain, row["period_start"]) for row in recent]
    term = glossary.term("emails_sent")
    values = [row["emails_sent"] for row in recent]
    figure = bars(labels, values, term.unit, language, most_labels=6)
    shown = known(rows, KPIS)
    return Chart(
        figure, alt([Series(term.name, values)], labels, language), kpi_table(rows, grain, glossary, language, shown)
    )


def alt(series: Sequence[Series], labels: Sequence[str], language: Language) -> str:
    return language.say(
        "emails.alt",
        names=", ".join(one.name for one in series),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
