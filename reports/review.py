"""The review of a month or a quarter as one HTML file: what is to be decided, and the figures that it rests on.

It is made of the same parts as the report. What the past period had is told as it stands in this build;
outcomes of actions and the audit are those of the build's day, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from reports import actions, changes, decisions, overview, questions, targets
from reports.cards import cards_html
from reports.html import sentences_html
from reports.language import NOTHING, Language
from reports.questions import Asking, MissingMartError, Question, Row, of_one_build
from reports.report import (
    Chapter,
    Part,
    Parts,
    Reader,
    chart_html,
    named,
    reader_of,
    rendered,
    targets_part,
    whole,
)
from stammkunde.errors import StammkundeError
from stammkunde.files import PUBLIC_FILE, replaced

MOST_AUDIT_POINTS = 3
LAST = "last"  # the last period that is over, as the command names it


@dataclass(frozen=True)
class Period:
    grain: str
    start: date

    @property
    def end(self) -> date:
        return decisions.ends(self.grain, self.start)

    @property
    def name(self) -> str:
        """As a file is called: 2025-06, 2025-Q2."""
        quarter = f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return quarter if self.grain == "quarter" else f"{self.start:%Y-%m}"


def period_named(month: str | None, quarter: str | None) -> tuple[str, date | None]:
    """The grain and the first day that the options of the command name; no day where the last complete one is meant.

    Raises StammkundeError.
    """
    if month and quarter:
        raise StammkundeError("a review is of a month or of a quarter: give --month or --quarter")
    if month and month != LAST:
        found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", month)
        if not found:
            raise StammkundeError(f"--month is '{month}': it must be such as 2025-06, or {LAST}")
        return "month", date(int(found[1]), int(found[2]), 1)
    if quarter and quarter != LAST:
        found = re.fullmatch(r"([0-9]{4})-Q([1-4])", quarter)
        if not found:
            raise StammkundeError(f"--quarter is '{quarter}': it must be such as 2025-Q2, or {LAST}")
        return "quarter", date(int(found[1]), 3 * int(found[2]) - 2, 1)
    return ("quarter" if quarter else "month"), None


def write_review(
    published: Path, target: Callable[[str], Path], code: str, grain: str, start: date | None = None
) -> Path:
    """Write the review of a period, else of the last complete one; `target` gives the file for the period's name.

    Raises PublishedFileError, StammkundeError.
    """
    name, text = review(published, Language(code), grain, start)
    file = target(name)
    with replaced(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(PUBLIC_FILE)
    return file


def review(published: Path, language: Language, grain: str, start: date | None = None) -> tuple[str, str]:
    """The period's name and its review as HTML."""
    return of_one_build(published, lambda ask, build: page(ask, build, language, grain, start))


def page(ask: Asking, build: Row, language: Language, grain: str, start: date | None) -> tuple[str, str]:
    reader = reader_of(ask, build, language)
    period = asked(overview.complete(ask(questions.kpis(grain))), grain, start, language)
    day = language.day(build["as_of_date"])
    found = [
        Chapter(language.say("review.decide"), [to_decide(reader, period)]),
        Chapter(language.say("review.figures"), list(whole(reader, lambda one: figure_parts(one, period)))),
        Chapter(language.say("review.moved"), list(whole(reader, lambda one: change_parts(one, period)))),
        Chapter(language.say("review.actions"), list(whole(reader, lambda one: action_parts(one, period, day)))),
        Chapter(language.say("review.audit"), list(whole(reader, lambda one: audit_parts(one, day)))),
    ]
    title = language.say(
        f"review.of_{grain}", period=language.period(grain, period.start), shop=build["shop"] or NOTHING
    )
    return period.name, rendered(reader, build, title, [chapter for chapter in found if chapter.parts])


def asked(over: Sequence[Row], grain: str, start: date | None, language: Language) -> Period:
    """Raises StammkundeError where the period is not over, or has no figures."""
    if not over:
        raise StammkundeError(f"no {grain} is complete yet: there is nothing to review")
    if start is None or any(row["period_start"] == start for row in over):
        return Period(grain, start or over[-1]["period_start"])
    first, last = (Period(grain, row["period_start"]).name for row in (over[0], over[-1]))
    raise StammkundeError(
        f"the {grain} {Period(grain, start).name} has no review: those that are over are {first} to {last}"
    )


# What to decide


def to_decide(reader: Reader, period: Period) -> Part:
    points = list(points_of(reader, period))
    say = reader.say
    first = say("review.nothing_to_decide")
    if points:
        counted = say("review.some_to_decide", count=reader.language.number(len(points)))
        first = counted if len(points) > 1 else say("review.one_to_decide")
    return Part("", say("review.decide_note"), sentences_html(first, points))


def points_of(reader: Reader, period: Period) -> Iterator[str]:
    glossary, language = reader.glossary, reader.language
    rows = there(reader, questions.targets())
    yield from decisions.of_targets(targets.missed(ended_in(rows, period)), rows, glossary, language, reader.currency)
    over, now = figures_of(reader, period)
    segments = there(reader, questions.segments(period.grain, period.start))
    for against in changes.AGAINST:
        before, parts = changes.before(over, now, against), changes.compared(segments, against)
        yield from decisions.of_retention(before, now, parts, glossary, language)
    yield from decisions.of_cohorts([said for said, is_lower in cohorts_of(reader, period) if is_lower], language)
    yield from decisions.of_rules(rules_of(reader), language)
    months = programme_of(reader, period)
    yield from decisions.of_programme(months, [programme_said(reader, row) for row in months], language)
    yield from decisions.of_audit(there(reader, questions.weakest_points(MOST_AUDIT_POINTS)), language)


def there(reader: Reader, question: Question) -> list[Row]:
    """What a build holds; nothing where it comes from a version without that mart."""
    try:
        return list(reader.ask(question))
    except MissingMartError:
        return []


def ended_in(rows: Sequence[Row], period: Period) -> list[Row]:
    """Of targets those of each period that ended in this one: of a quarter its months, of a month its year too."""
    return [
        row
        for row in rows
        if row["is_complete"] and period.start < decisions.ends(row["period_grain"], row["period_start"]) <= period.end
    ]


def figures_of(reader: Reader, period: Period) -> tuple[list[Row], Row]:
    """All complete periods, and the one that is reviewed."""
    over = overview.complete(reader.ask(questions.kpis(period.grain)))
    return over, next(row for row in over if row["period_start"] == period.start)


# Figures, targets, changes


def figure_parts(reader: Reader, period: Period) -> Parts:
    yield partial(key_figures, reader, period)
    yield partial(on_target, reader, period)


def key_figures(reader: Reader, period: Period) -> Part:
    rows = reader.ask(questions.kpis(period.grain))
    _, now = figures_of(reader, period)
    found = targets.of_period(targets.known(reader.ask, period.grain), period.start)
    goals = targets.goals(found, reader.glossary, reader.language, reader.currency)
    cards = overview.kpi_cards(rows, period.grain, period.start, reader.glossary, reader.language, goals=goals)
    note = reader.say("overview.censored") if now["is_left_censored"] else ""
    title = named(reader, reader.say("overview.kpis"), period.grain, now)
    return Part(title, note, cards_html(cards, reader.language, reader.currency))


def on_target(reader: Reader, period: Period) -> Part | None:
    found = ended_in(there(reader, questions.targets()), period)
    return targets_part(reader, found) if found else None


def change_parts(reader: Reader, period: Period) -> Parts:
    for against in changes.AGAINST:
        yield partial(what_moved, reader, period, against)
    yield partial(cohorts_that_stood_out, reader, period)


def what_moved(reader: Reader, period: Period, against: str) -> Part:
    over, now = figures_of(reader, period)
    segments = changes.compared(reader.ask(questions.segments(period.grain, period.start)), against)
    before = changes.before(over, now, against)
    first, *others = changes.sentences(before, now, segments, reader.glossary, reader.language)
    html = sentences_html(first, others)
    if before is not None and changes.comparable(before, now):
        for by in changes.dimensions_of(segments)[:1]:
            chart = changes.contribution_chart(segments, by, against, reader.glossary, reader.language)
            html += f"<h4>{reader.say('changes.contributions')}</h4>{chart_html(reader, chart)}"
    other = reader.say("changes.compared_with", other=reader.say(f"changes.{against}"))
    return Part(f"{reader.say('changes.title')}, {other}", "", html)


def cohorts_that_stood_out(reader: Reader, period: Period) -> Part | None:
    """Cohorts are told apart by quarters: months of small shops hold too few customers."""
    if period.grain != "quarter" or not reader.ask(questions.cohorts("quarter", "all", "all")):
        return None
    said = [sentence for sentence, _ in cohorts_of(reader, period)] or [reader.say("review.no_cohorts")]
    return Part(reader.say("review.cohorts_title"), "", sentences_html(said[0], said[1:]))


def cohorts_of(reader: Reader, period: Period) -> list[tuple[str, bool]]:
    """What is said of each cohort that came back differently in this quarter, and whether less."""
    if period.grain != "quarter":
        return []
    rates = {
        row["cohort_start"]: row
        for row in there(reader, questions.cohorts("quarter", "all", "all"))
        if row["period_start"] == period.start and row["is_complete"]
    }
    found = []
    for row in there(reader, questions.deviations("quarter", "all", "all")):
        cell = rates.get(row["cohort_start"])
        if cell is None or cell["period_number"] != row["period_number"] or not row["differs_from_pooled"]:
            continue
        is_lower = row["difference_from_pooled"] < 0
        sentence = reader.say(
            f"review.cohort_{'lower' if is_lower else 'higher'}",
            cohort=reader.language.period("quarter", row["cohort_start"]),
            rate=reader.language.percent(cell["retention_rate"]),
            difference=reader.language.points(abs(row["difference_from_pooled"])).lstrip("+"),
        )
        found.append((sentence, is_lower))
    return found


# Actions and the audit, as of the build's day


def action_parts(reader: Reader, period: Period, day: str) -> Parts:
    yield partial(outcomes, reader, day)
    yield partial(programme, reader, period)


def outcomes(reader: Reader, day: str) -> Part | None:
    rows = rules_of(reader)
    if not rows:
        return None
    say, language = reader.say, reader.language
    first, *others = actions.sentences_of_outcomes(rows, language)
    table = actions.outcome_table(rows, reader.glossary, language)
    html = sentences_html(first, others) + table.html(language, reader.currency)
    return Part(say("review.outcomes"), say("review.outcomes_note", day=day), html)


def rules_of(reader: Reader) -> list[Row]:
    """Each rule with actions, what it brought and how sure that is."""
    found = (there(reader, question) for question in (questions.playbook_outcomes(), questions.playbook_evidence()))
    return actions.of_rules(*found)


def programme(reader: Reader, period: Period) -> Part | None:
    months = programme_of(reader, period)
    if not months:
        return None
    first, *others = (programme_said(reader, row) for row in months)
    return Part(reader.say("review.programme"), reader.say("review.programme_note"), sentences_html(first, others))


def programme_of(reader: Reader, period: Period) -> list[Row]:
    """The months of the period in which actions were noted."""
    found = there(reader, questions.playbook_programme())
    return [row for row in found if period.start <= row["month_start"] < period.end]


def programme_said(reader: Reader, row: Row) -> str:
    def money(name: str) -> str:
        return reader.language.money(row[name], reader.currency)

    words = {
        "month": reader.language.period("month", row["month_start"]),
        "revenue": money("programme_revenue_per_customer"),
        "control": money("control_revenue_per_customer"),
    }
    if row["revenue_difference_low"] is None:
        return reader.say("review.programme_month_unsure", **words)
    is_sure = row["revenue_difference_low"] > 0 or row["revenue_difference_high"] < 0
    return reader.say(
        "review.programme_month",
        **words,
        difference=reader.language.change(row["revenue_difference"], "currency", reader.currency),
        low=money("revenue_difference_low"),
        high=money("revenue_difference_high"),
        chance=reader.say("targets.beyond_chance" if is_sure else "targets.may_be_chance"),
    )


def audit_parts(reader: Reader, day: str) -> Parts:
    yield partial(weakest, reader, day)


def weakest(reader: Reader, day: str) -> Part | None:
    """The weakest points of the audit, where the build has one."""
    rows = [row for row in there(reader, questions.weakest_points(MOST_AUDIT_POINTS)) if row["audit_score"] is not None]
    if not rows:
        return None
    code = reader.language.code

    def words(row: Row) -> dict[str, object]:
        return {"question": row[f"question_{code}"], "score": row["audit_score"], "most": row["max_score"]}

    said = [reader.say("review.audit_point", **words(row), evidence=row[f"evidence_{code}"]) for row in rows]
    html = sentences_html(reader.say("review.audit_first", **words(rows[0])), said)
    return Part(reader.say("review.audit_title"), reader.say("review.audit_note", day=day), html)
