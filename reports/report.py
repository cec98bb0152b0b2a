"""The overview, what signals say, and the cohorts as one HTML file: it opens without a network, can be printed or sent.

It holds what the dashboard's pages show first, piece by piece by the same functions, without filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from json import loads
from pathlib import Path

from reports import (
    actions,
    audit,
    changes,
    cohort_curves,
    cohorts,
    economics,
    feedback,
    funnel,
    health,
    outlook,
    overview,
    questions,
    return_times,
    signals,
    subscriptions,
    targets,
    worth,
)
from reports.cards import cards_html
from reports.charts import CONFIG, Chart
from reports.glossary import Glossary
from reports.html import sentences_html, style
from reports.language import NOTHING, Language
from reports.questions import Asking, MissingMartError, Row, of_one_build
from reports.tables import SHOWN, Table
from stammkunde.files import PUBLIC_FILE, replaced

TEMPLATE = Path(__file__).with_name("report.html")
GRAINS = ("month", "year")  # of the overview
COHORTS = 18  # months in the triangle, which then is as wide as the page
WINDOWS = 18  # months in the table of windows


@dataclass(frozen=True)
class Part:
    """A piece of the report: its heading, what is to be known before, and its HTML."""

    title: str
    note: str
    html: str


@dataclass(frozen=True)
class Chapter:
    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Reader:
    """Who asks, of which build, and in which language."""

    ask: Asking
    language: Language
    glossary: Glossary
    currency: str

    def say(self, key: str, **words: object) -> str:
        return self.language.say(key, **words)


def write_report(published: Path, target: Path, code: str) -> None:
    """Write the report of the published build in a language. Raises PublishedFileError."""
    text = report(published, Language(code))
    with replaced(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(PUBLIC_FILE)


def report(published: Path, language: Language) -> str:
    """The report of one build as HTML. Raises PublishedFileError, StammkundeError."""
    return of_one_build(published, lambda ask, build: page(ask, build, language))


def page(ask: Asking, build: Row, language: Language) -> str:
    reader = reader_of(ask, build, language)
    settings = loads(ask(questions.settings())[0]["settings"] or "{}")
    found = [
        Chapter(language.say("overview.title"), list(whole(reader, overview_parts))),
        Chapter(language.say("report.signals"), list(whole(reader, lambda one: signal_parts(one, settings)))),
        Chapter(language.say("cohorts.title"), list(whole(reader, cohort_parts))),
        Chapter(language.say("outlook.title"), list(whole(reader, lambda one: outlook_parts(one, settings)))),
        Chapter(language.say("actions.title"), list(whole(reader, action_parts))),
        Chapter(language.say("audit.title"), list(whole(reader, audit_parts))),
    ]
    title = language.say("report.title", shop=build["shop"] or NOTHING)
    return rendered(reader, build, title, [chapter for chapter in found if chapter.parts])


def reader_of(ask: Asking, build: Row, language: Language) -> Reader:
    return Reader(ask, language, Glossary(ask(questions.glossary()), language), str(build["reporting_currency"]))


def rendered(reader: Reader, build: Row, title: str, chapters: Sequence[Chapter]) -> str:
    """Chapters as one HTML file."""
    from jinja2 import Environment, FileSystemLoader
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    language, as_of = reader.language, build["as_of_date"]
    environment = Environment(loader=FileSystemLoader(TEMPLATE.parent), autoescape=True)
    return environment.get_template(TEMPLATE.name).render(
        language=language.code,
        title=title,
        as_of=language.say("report.as_of", day=language.day(as_of) if as_of else language.say("common.no_orders")),
        build=language.say(
            "report.build", number=language.number(build["build_number"]), built=language.moment(build["built_at"])
        ),
        chapters=chapters,
        style=style(),
        plotly=get_plotlyjs(),
        config=CONFIG,
    )


Parts = Iterator[Callable[[], Part | None]]


def whole(reader: Reader, parts: Callable[[Reader], Parts]) -> Iterator[Part]:
    """The parts of a chapter. What the published build does not hold yet is a sentence in its place."""
    for make in parts(reader):
        try:
            part = make()
        except MissingMartError as missing:
            part = Part("", "", sentences_html(reader.say("common.mart_missing", mart=missing.mart), []))
        if part:
            yield part


# Overview


def overview_parts(reader: Reader) -> Parts:
    for grain in GRAINS:
        yield partial(key_figures, reader, grain)
    yield partial(on_target, reader)
    for grain, against in (("month", "previous"), ("month", "year_before"), ("year", "previous")):
        yield partial(what_changed, reader, grain, against)
    yield partial(course, reader)
    yield partial(point_of_retention, reader)
    yield partial(running_period, reader)
    yield partial(bridge, reader)
    yield partial(returning_revenue, reader)
    yield partial(concentration, reader)


def last_complete(reader: Reader, grain: str) -> tuple[list[Row], Row | None]:
    """All complete periods, and the latest."""
    over = overview.complete(reader.ask(questions.kpis(grain)))
    return over, over[-1] if over else None


def named(reader: Reader, title: str, grain: str, row: Row) -> str:
    return f"{title}: {reader.language.period(grain, row['period_start'])}"


def key_figures(reader: Reader, grain: str) -> Part:
    rows = reader.ask(questions.kpis(grain))
    _, now = last_complete(reader, grain)
    title = reader.say("overview.kpis")
    if now is None:
        return Part(f"{title}: {reader.say(f'common.{grain}')}", reader.say("overview.none_complete"), "")
    of_now = targets.of_period(targets.known(reader.ask, grain), now["period_start"])
    goals = targets.goals(of_now, reader.glossary, reader.language, reader.currency)
    cards = overview.kpi_cards(rows, grain, now["period_start"], reader.glossary, reader.language, goals=goals)
    note = reader.say("overview.censored") if now["is_left_censored"] else ""
    shown = cards_html(cards, reader.language, reader.currency)
    table = overview.kpi_table(rows, grain, reader.glossary, reader.language)
    return Part(named(reader, title, grain, now), note, shown + folded(reader, table))


def on_target(reader: Reader) -> Part | None:
    """The targets of the last complete month, quarter and year, where somebody set some."""
    rows = reader.ask(questions.targets())
    return targets_part(reader, targets.latest(rows)) if rows else None


def targets_part(reader: Reader, rows: Sequence[Row]) -> Part:
    first, *others = targets.sentences(rows, reader.glossary, reader.language, reader.currency)
    table = targets.table(rows, reader.glossary, reader.language, reader.currency)
    html = sentences_html(first, others) + table.html(reader.language, reader.currency)
    return Part(reader.say("targets.title"), reader.say("targets.note"), html)


def what_changed(reader: Reader, grain: str, against: str) -> Part | None:
    over, now = last_complete(reader, grain)
    if now is None:
        return None
    segments = changes.compared(reader.ask(questions.segments(grain, now["period_start"])), against)
    before = changes.before(over, now, against)
    first, *others = changes.sentences(before, now, segments, reader.glossary, reader.language)
    html = sentences_html(first, others)
    if against == "previous":  # who keeps best is the same beside any other period
        for by in changes.dimensions_of(segments)[:1]:
            html += f"<h4>{escape(reader.say('changes.ranking'))}</h4>"
            html += chart_html(reader, changes.ranking_chart(segments, by, against, reader.glossary, reader.language))
    other = reader.say("changes.compared_with", other=reader.say(f"changes.{against}"))
    title = f"{reader.say('changes.title')}, {other}"
    return Part(named(reader, title, grain, now), "", html)


def course(reader: Reader) -> Part | None:
    over, now = last_complete(reader, "month")
    if now is None:
        return None
    kpi = overview.MEASURES[0]
    chart = overview.course(over, "month", kpi, reader.glossary, reader.language, reader.currency)
    title = f"{reader.say('overview.course')}: {reader.glossary.term(kpi).name}"
    return Part(title, reader.glossary.term(kpi).definition, chart_html(reader, chart))


def point_of_retention(reader: Reader) -> Part | None:
    rows = reader.ask(questions.retention_value("year"))
    if not rows:
        return None
    first, *others = worth.sentences(rows[0], reader.language, reader.currency)
    table = folded(reader, worth.worth_table(rows[0], reader.glossary, reader.language)) if others else ""
    return Part(reader.say("worth.title"), "", sentences_html(first, others) + table)


def running_period(reader: Reader) -> Part | None:
    rows = reader.ask(questions.running_period("month"))
    if not rows:
        return None
    table = overview.running_table(rows, "month", reader.glossary, reader.language, reader.currency)
    html = table.html(reader.language, reader.currency)
    return Part(reader.say("overview.running"), reader.say("overview.running_note"), html)


def bridge(reader: Reader) -> Part | None:
    _, now = last_complete(reader, "year")
    if now is None:
        return None
    chart = overview.customer_bridge(now, "year", reader.glossary, reader.language)
    return Part(named(reader, reader.say("overview.bridge"), "year", now), "", chart_html(reader, chart))


def returning_revenue(reader: Reader) -> Part | None:
    over, now = last_complete(reader, "month")
    if now is None:
        return None
    chart = overview.returning_revenue(over, "month", reader.glossary, reader.language, reader.currency)
    return Part(reader.say("overview.returning"), "", chart_html(reader, chart))


def concentration(reader: Reader) -> Part:
    rows = reader.ask(questions.concentration())
    chart = overview.concentration_chart(rows, reader.glossary, reader.language)
    return Part(reader.say("overview.concentration"), chart.alt if rows else "", chart_html(reader, chart))


# What signals say, where the shop has them


def signal_parts(reader: Reader, settings: Mapping[str, object]) -> Parts:
    yield partial(health_of_all, reader)
    yield partial(largest_break, reader)
    yield partial(recommendation, reader)
    yield partial(support, reader, settings)
    yield partial(what_customers_cost, reader, settings)
    yield partial(recurring_revenue, reader)


def health_of_all(reader: Reader) -> Part | None:
    """How many of those who are not lost yet are critical."""
    rows = reader.ask(questions.health_bands("not_lost"))
    if health.of_band(rows, health.ALL) is None:
        return None
    first, *others = health.sentences(rows, reader.glossary, reader.language)
    return Part(reader.say("health.title"), reader.say("health.not_lost"), sentences_html(first, others))


def largest_break(reader: Reader) -> Part | None:
    """Where most revenue was lost in the latest month that is over."""
    rows = reader.ask(questions.funnel())
    if not any(row["is_next_month_complete"] for row in rows):
        return None
    month = funnel.usual_month(rows)
    first, *others = funnel.break_sentences(rows, month, reader.language, reader.currency)
    return Part(reader.say("funnel.stages"), "", sentences_html(first, others))


def recommendation(reader: Reader) -> Part | None:
    """The net promoter score of the last complete quarter: months have few answers."""
    rows = reader.ask(questions.nps("quarter"))
    over = overview.complete(rows)
    if not over:
        return None
    first, *others = feedback.nps_sentences(rows, over[-1]["period_start"], reader.language)
    return Part(reader.say("feedback.nps_title"), "", sentences_html(first, others))


def support(reader: Reader, settings: Mapping[str, object]) -> Part | None:
    over = overview.complete(feedback.of_channel(reader.ask(questions.support("month")), feedback.ALL))
    if not over:
        return None
    missing = signals.absent(reader.ask(questions.signals()), feedback.TYPES)
    first, *others = feedback.support_sentences(over[-1], feedback.measures(missing), settings, reader.language)
    return Part(reader.say("feedback.support"), "", sentences_html(first, others))


def what_customers_cost(reader: Reader, settings: Mapping[str, object]) -> Part | None:
    """What customers of the latest month that was observed for a year cost and brought."""
    rows = economics.of_all(reader.ask(questions.acquisition()))
    if all(row["cac"] is None for row in rows):
        return None
    month = economics.usual_month(rows)
    (now,) = economics.of_month(rows, month)
    first, *others = economics.sentences(now, reader.language, reader.currency)
    note = economics.what_value_is(settings, reader.language)
    return Part(reader.say("economics.acquisition"), note, sentences_html(first, others))


def recurring_revenue(reader: Reader) -> Part | None:
    over = overview.complete(reader.ask(questions.subscriptions()))
    if not over:
        return None
    first, *others = subscriptions.sentences(over[-1:], reader.language, reader.currency)
    return Part(reader.say("subscriptions.title"), "", sentences_html(first, others))


# The outlook


def outlook_parts(reader: Reader, settings: Mapping[str, object]) -> Parts:
    """As on the page; nothing where nothing is predicted."""
    yield partial(whole_shop, reader)
    yield partial(expected, reader, settings)
    yield partial(value_at_risk, reader, settings)
    yield partial(what_one_point_brings, reader)
    for model in outlook.calibration.CALIBRATED:
        yield partial(calibration, reader, model)
    yield partial(how_far_to_trust, reader)


def whole_shop(reader: Reader) -> Part | None:
    rows = reader.ask(questions.sales_forecast())
    if not rows:
        return None
    first, *others = outlook.sales.sentences(rows, reader.language, reader.currency)
    html = sentences_html(first, others)
    html += chart_html(reader, outlook.sales.chart(rows, reader.language, reader.currency))
    return Part(reader.say("outlook.sales"), reader.say("outlook.sales_note"), html)


def expected(reader: Reader, settings: Mapping[str, object]) -> Part | None:
    found = outlook.trust.known_trust(reader.ask)
    total = reader.ask(questions.outlook())[0]
    if outlook.trust.is_nothing(found):
        return None
    cards = outlook.expected.cards(total, found, reader.glossary)
    first, *others = outlook.expected.sentences(total, found, settings, reader.language, reader.currency)
    html = (cards_html(cards, reader.language, reader.currency) if cards else "") + sentences_html(first, others)
    return Part(reader.say("outlook.expected"), reader.say("outlook.expected_note"), html)


def value_at_risk(reader: Reader, settings: Mapping[str, object]) -> Part | None:
    found = outlook.trust.known_trust(reader.ask)
    rows = reader.ask(questions.value_at_risk())
    if outlook.trust.is_nothing(found):
        return None
    first, *others = outlook.value_at_risk.sentences(rows, found, settings, reader.language, reader.currency)
    chart = outlook.value_at_risk.chart(rows, found, settings, reader.language, reader.currency)
    html = sentences_html(first, others) + chart_html(reader, chart)
    return Part(reader.say("outlook.at_risk_title"), reader.say("outlook.at_risk_note"), html)


def what_one_point_brings(reader: Reader) -> Part | None:
    rows = reader.ask(questions.what_if())
    if not rows:
        return None
    first, *others = outlook.what_if.sentences(rows, reader.language, reader.currency)
    html = sentences_html(first, others)
    html += chart_html(reader, outlook.what_if.chart(rows, reader.language, reader.currency))
    return Part(reader.say("outlook.what_if"), reader.say("outlook.what_if_note"), html)


def calibration(reader: Reader, model: str) -> Part | None:
    rows = outlook.calibration.tenths(outlook.trust.backtest_rows(reader.ask), model)
    if not rows:
        return None
    html = sentences_html(outlook.calibration.sentence(rows, model, reader.language), [])
    html += chart_html(reader, outlook.calibration.chart(rows, model, reader.language))
    return Part(reader.say("outlook.calibration"), reader.say("outlook.calibration_note"), html)


def how_far_to_trust(reader: Reader) -> Part | None:
    found, refusal = outlook.trust.known_trust(reader.ask), reader.ask(questions.refusals())[0]["refusal"]
    if outlook.trust.is_nothing(found) and not refusal:
        return None
    first, *others = outlook.trust.sentences(found, refusal, reader.language)
    html = sentences_html(first, others) + outlook.trust.table(found, reader.language).html(reader.language)
    return Part(reader.say("outlook.trust"), reader.say("outlook.trust_note"), html)


# Actions


def action_parts(reader: Reader) -> Parts:
    yield partial(actions_of_today, reader)
    yield partial(outcomes_of_rules, reader)
    yield partial(programme, reader)


def actions_of_today(reader: Reader) -> Part | None:
    """How many by rule; who they are stands on the dashboard and in the list of the day."""
    rows = reader.ask(questions.actions_by_rule())
    if not rows:
        return None
    first, *others = actions.sentences_of_today(rows, reader.language)
    table = actions.rule_table(rows, reader.language)
    return Part(reader.say("actions.today"), "", sentences_html(first, others) + folded(reader, table))


def outcomes_of_rules(reader: Reader) -> Part | None:
    rows = actions.of_rules(reader.ask(questions.playbook_outcomes()), reader.ask(questions.playbook_evidence()))
    if not rows:
        return None
    first, *others = actions.sentences_of_outcomes(rows, reader.language)
    chart = actions.effects(rows, reader.glossary, reader.language)
    html = sentences_html(first, others) + chart_html(reader, chart)
    return Part(reader.say("actions.outcomes"), reader.say("actions.outcomes_note"), html)


def programme(reader: Reader) -> Part | None:
    rows = reader.ask(questions.playbook_programme())
    if not rows:
        return None
    first, *others = actions.sentences_of_programme(rows, reader.language, reader.currency)
    html = sentences_html(first, others)
    if actions.measured(rows):
        html += chart_html(reader, actions.programme(rows, reader.glossary, reader.language, reader.currency))
    return Part(reader.say("actions.programme"), reader.say("actions.programme_note"), html)


# The audit


def audit_parts(reader: Reader) -> Parts:
    yield partial(weakest_points, reader)


def weakest_points(reader: Reader) -> Part | None:
    rows = reader.ask(questions.retention_audit())
    if not rows:
        return None
    first, *others = audit.sentences(rows, reader.language)
    html = sentences_html(first, others) + chart_html(reader, audit.radar(rows, reader.language))
    html += audit.point_table(rows, reader.language).html(reader.language)
    return Part(reader.say("audit.heading"), reader.say("audit.note"), html)


# Cohorts


def cohort_parts(reader: Reader) -> Parts:
    yield partial(triangle, reader)
    yield partial(beyond_chance, reader)
    yield partial(segment_curves, reader)
    yield partial(layer_cake, reader)
    yield partial(windows, reader)
    yield partial(repurchase, reader)


def triangle(reader: Reader) -> Part:
    reading = cohorts.READINGS[0]
    title = f"{reader.say('cohorts.triangle')}: {reader.glossary.term(reading).name}"
    rows = reader.ask(questions.cohorts("month", "all", "all"))
    if not rows:
        return nothing(reader, title)
    pooled = reader.ask(questions.pooled("month", "all"))
    shown = cohorts.latest(rows, COHORTS)
    grid = cohorts.triangle(shown, pooled, "month", reading, reader.glossary, reader.language, reader.currency)
    return Part(title, reader.say("cohorts.triangle_note"), grid.html(reader.language))


def beyond_chance(reader: Reader) -> Part | None:
    rows = reader.ask(questions.cohorts("quarter", "all", "all"))
    if not rows:
        return None
    deviations = reader.ask(questions.deviations("quarter", "all", "all"))
    pooled = reader.ask(questions.pooled("quarter", "all"))
    found = list(cohorts.hurt(rows, deviations, "quarter", reader.language))
    grid = cohorts.triangle(
        rows, pooled, "quarter", cohorts.READINGS[0], reader.glossary, reader.language, reader.currency,
        deviations=deviations,
    )  # fmt: skip
    html = sentences_html(reader.say("cohorts.beyond_note"), found) + grid.html(reader.language)
    return Part(reader.say("report.beyond_chance"), "", html)


def segment_curves(reader: Reader) -> Part | None:
    by = [row["dimension"] for row in reader.ask(questions.dimensions()) if row["dimension"] != "all"]
    if not by:
        return None
    pooled = reader.ask(questions.pooled("month", by[0]))
    chart = cohort_curves.curves(
        pooled, "month", by[0], cohorts.READINGS[0], reader.glossary, reader.language, reader.currency
    )
    title = f"{reader.say('cohorts.curves')}: {reader.language.dimension(by[0])}"
    return Part(title, reader.say("cohorts.curves_note", enough=cohort_curves.ENOUGH), chart_html(reader, chart))


def layer_cake(reader: Reader) -> Part:
    rows = reader.ask(questions.cohort_years("all", "all"))
    chart = cohort_curves.layer_cake(rows, reader.language, reader.glossary, reader.currency)
    return Part(reader.say("cohorts.layers"), reader.say("cohorts.layers_note"), chart_html(reader, chart))


def windows(reader: Reader) -> Part:
    rows = reader.ask(questions.windows("all", "all"))
    title = reader.say("cohorts.windows")
    if not rows:
        return nothing(reader, title)
    shown = cohorts.latest(rows, WINDOWS, "cohort_month")
    grid = return_times.window_grid(shown, reader.glossary, reader.language)
    return Part(title, reader.say("cohorts.windows_note"), grid.html(reader.language))


def repurchase(reader: Reader) -> Part:
    rows = reader.ask(questions.repurchase())
    chart = return_times.repurchase_chart(rows, reader.glossary, reader.language)
    said = " ".join(return_times.too_late(rows, reader.language))
    return Part(reader.say("cohorts.repurchase"), said, chart_html(reader, chart))


# HTML


def nothing(reader: Reader, title: str) -> Part:
    return Part(title, reader.say("common.mart_empty"), "")


def chart_html(reader: Reader, chart: Chart) -> str:
    """A chart, which the file draws when it is opened, with its figures below it."""
    if not chart.table.rows:
        return f"<p>{escape(reader.say('common.mart_empty'))}</p>"
    figure = chart.figure.to_json().replace("<", "\\u003c")  # nothing in it ends the element
    return (
        f'<div class="sk-plot" role="img" aria-label="{escape(chart.alt)}">'
        f'<script type="application/json">{figure}</script></div>{folded(reader, chart.table)}'
    )


def folded(reader: Reader, table: Table) -> str:
    """A table that opens with a click."""
    more = ""
    if len(table.rows) > SHOWN:
        more = reader.say("report.more_rows", shown=SHOWN, rows=reader.language.number(len(table.rows)))
    inside = table.html(reader.language, reader.currency) + (f"<p>{escape(more)}</p>" if more else "")
    return f"<details><summary>{escape(reader.say('common.table'))}</summary>{inside}</details>"
