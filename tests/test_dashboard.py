"""The dashboard: words and figures that people read, and each page as Streamlit makes it, against the marts."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import socket
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import pytest
import yaml

from reports import (
    actions,
    audit,
    backtest,
    changes,
    cohorts,
    customers,
    economics,
    emails,
    events,
    feedback,
    funnel,
    health,
    ladder,
    lifecycle,
    outlook,
    overview,
    products,
    programmes,
    quality,
    reasons,
    return_times,
)
from reports import subscriptions as contracts
from reports.cards import card_html
from reports.charts import months_between, ticks
from reports.colours import ORANGE, SCALE, luminance, on_scale
from reports.glossary import Glossary
from reports.language import Language, words
from reports.questions import (
    HEALTH_BANDS,
    HEALTH_COMPONENTS,
    MissingMartError,
    Question,
    acquisition,
    actions_by_rule,
    actions_of_today,
    answer,
    at_risk_customers,
    build,
    first_purchases,
    glossary,
    health_backtest,
    kpis,
    loyalty,
    nps,
    playbook_evidence,
    playbook_outcomes,
    playbook_programme,
    referrals,
    restatements,
    retention_audit,
    retention_value,
    running_period,
    subscriber_cohorts,
    subscriptions,
    support,
    value_at_risk,
)
from reports.questions import emails as emails_rows
from reports.questions import funnel as funnel_rows
from reports.questions import ladder as ladder_rows
from reports.questions import reasons as reasons_rows
from reports.tables import Column, Table, harmless
from tests.conftest import PROJECT, Build
from tests.published import predict, published_copy
from tests.reference.events import GROUPS

DE, EN = Language("de"), Language("en")
PAGES = {
    "overview": None,
    "cohorts": "page/cohorts.py",
    "lifecycle": "page/lifecycle.py",
    "customers": "page/customers.py",
    "economics": "page/economics.py",
    "feedback": "page/feedback.py",
    "products": "page/products.py",
    "outlook": "page/outlook.py",
    "actions": "page/actions.py",
    "audit": "page/audit.py",
    "quality": "page/quality.py",
}
SETTINGS = '{"active_window_days": 365, "at_risk_after_days": 180, "new_window_days": 90, "loyal_min_orders": 4}'
GLOSSARY_ROWS = [
    {
        "kpi": kpi, "mart": "m", "unit": unit, "name_en": kpi, "name_de": f"{kpi} (de)", "abbreviation": "-",
        "formula": "", "definition_en": "About `customers_at_end`.", "definition_de": "Zu customers_at_end.",
        "good_direction": good,
    }
    for kpi, unit, good in (
        ("customer_retention_rate", "rate", "higher"), ("customer_churn_rate", "rate", "lower"),
        ("repeat_customer_rate", "rate", "higher"), ("purchase_frequency", "number", "higher"),
        ("average_order_value", "currency", "higher"), ("clv_by_lifespan", "currency", "higher"),
        ("customers_at_end", "customers", "higher"), ("retained_customer_rate", "rate", "higher"),
        ("retention_rate", "rate", "higher"),
    )
]  # fmt: skip
TERMS = {"de": Glossary(GLOSSARY_ROWS, DE), "en": Glossary(GLOSSARY_ROWS, EN)}


# Words and numbers


@pytest.mark.parametrize(
    ("shown", "german", "english"),
    [
        (lambda it: it.number(1234567), "1.234.567", "1,234,567"),
        (lambda it: it.number(-2.5, 1), "−2,5", "−2.5"),  # noqa: RUF001
        (lambda it: it.number(-0.4), "0", "0"),
        (lambda it: it.percent(0.9170), "91,7\xa0%", "91.7%"),
        (lambda it: it.money(Decimal("319480.31"), "EUR"), "319.480,31\xa0€", "€319,480.31"),
        (lambda it: it.points(0.0349), "+3,5\xa0Pp.", "+3.5\xa0pp"),
        (lambda it: it.points(-0.00001), "0,0\xa0Pp.", "0.0\xa0pp"),
        (lambda it: it.value(None, "rate"), "–", "–"),  # noqa: RUF001
        (lambda it: it.value(1426.0, "minutes"), "1.426\xa0min", "1,426\xa0min"),
        (lambda it: it.day(date(2026, 1, 18)), "18. Januar 2026", "18 January 2026"),
        (lambda it: it.period("month", date(2025, 3, 1)), "März 2025", "March 2025"),
        (lambda it: it.period("week", date(2025, 12, 29)), "KW 1 2026", "Week 1, 2026"),
        (lambda it: it.period("quarter", date(2025, 4, 1)), "Q2 2025", "Q2 2025"),
        (lambda it: it.short_period("month", date(2025, 3, 1)), "Mär 25", "Mar 25"),
        (lambda it: it.stage("at_risk"), "Gefährdet", "At risk"),
        (lambda it: it.dimension("loyalty_tier"), "Loyalty tier", "Loyalty tier"),
        (lambda it: it.dimension_value("unknown"), "unbekannt", "unknown"),
        (lambda it: it.dimension_value("paid_social"), "paid_social", "paid_social"),
    ],
)
def test_figures_take_the_form_of_the_language(shown: Callable[[Language], str], german: str, english: str) -> None:
    assert (shown(DE), shown(EN)) == (german, english)


def test_each_word_stands_in_both_languages_with_the_same_parts() -> None:
    for key, texts in words().items():
        assert texts.keys() == {"de", "en"}, key
        parts = [{part for _, part, _, _ in string.Formatter().parse(texts[code]) if part} for code in ("de", "en")]
        assert parts[0] == parts[1], key


def test_each_word_that_is_asked_for_is_known() -> None:
    files = {key.split(".")[0] for key in words()}
    for file in (*PROJECT.glob("reports/**/*.py"), *PROJECT.glob("dashboard/**/*.py")):
        asked = re.findall(rf'"((?:{"|".join(files)})\.(?!(?:html|pdf)")[a-z_]+)"', file.read_text(encoding="utf-8"))
        assert set(asked) <= words().keys(), file


def test_stages_segments_and_dimensions_have_names() -> None:
    with (PROJECT / "seeds" / "rfm_segments.csv").open(encoding="utf-8") as seed:
        segments = {row["rfm_segment"] for row in csv.DictReader(seed)}
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    stages = {"prospect", "new", "active", "loyal", "at_risk", "lost", "reactivated"}
    expected = {f"names.segment.{code}" for code in segments} | {f"names.stage.{code}" for code in stages}
    expected |= {f"names.dimension.{code}" for code in settings["segment_dimensions"]}
    expected |= {f"names.band.{code}" for code in HEALTH_BANDS}
    with (PROJECT / "seeds" / "playbook_rules.csv").open(encoding="utf-8") as seed:
        rules = list(csv.DictReader(seed))
    columns = {"rule": "rule_id", "action": "action", "owner": "owner", "channel": "channel"}
    expected |= {f"names.{kind}.{rule[column]}" for rule in rules for kind, column in columns.items()}
    assert expected <= words().keys()


def test_a_definition_names_measures_and_no_columns() -> None:
    assert TERMS["de"].term("retention_rate").definition == "Zu „customers_at_end (de)“."
    assert TERMS["en"].term("retention_rate").definition == "About “customers_at_end”."


# Tables


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\uff1d1"])
def test_a_cell_that_begins_like_a_formula_is_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_a_table_is_a_file_that_the_readers_spreadsheet_opens() -> None:
    table = Table(
        [Column("name", "=Name"), Column("rate", "Rate", "rate"), Column("day", "Tag", "date")],
        [
            {"name": "=cmd|' /C calc'!A0", "rate": -0.5, "day": date(2025, 3, 1)},
            {"name": "a;b", "rate": None, "day": None},
        ],
    )
    german = list(csv.reader(io.StringIO(table.csv(DE).decode("utf-8-sig")), delimiter=";"))
    assert german == [["'=Name", "Rate", "Tag"], ["'=cmd|' /C calc'!A0", "-0,5", "2025-03-01"], ["a;b", "", ""]]
    english = list(csv.reader(io.StringIO(table.csv(EN).decode("utf-8-sig"))))
    assert english[1] == ["'=cmd|' /C calc'!A0", "-0.5", "2025-03-01"]


def test_what_comes_from_data_is_no_html() -> None:
    table = Table([Column("name", "<i>", tip="<u>")], [{"name": "<script>alert(1)</script>"}])
    assert "<script" not in table.html(DE) and "<i>" not in table.html(DE) and "<u>" not in table.html(DE)


# Cards


def month(start: date, **figures: Any) -> dict[str, Any]:
    known = {
        "period_grain": "month", "period_start": start, "is_complete": True, "is_left_censored": False,
        "customer_retention_rate": 0.9, "customer_churn_rate": 0.1, "repeat_customer_rate": 0.2,
        "purchase_frequency": 1.5, "average_order_value": 50.0, "clv_by_lifespan": 100.0, "customers_at_end": 10,
        "retained_customer_rate": 0.9, "retained_customer_rate_low": 0.85, "retained_customer_rate_high": 0.95,
    }  # fmt: skip
    return {**known, **figures}


def test_a_card_is_compared_with_the_period_and_the_year_before() -> None:
    rows = [
        month(date(2024, 12, 1), customer_churn_rate=0.08),
        month(date(2025, 11, 1), customer_churn_rate=0.12),
        month(date(2025, 12, 1)),
        month(date(2026, 1, 1), is_complete=False, customer_churn_rate=0.01),
    ]
    card = overview.kpi_cards(rows, "month", date(2025, 12, 1), TERMS["de"], DE)[1]
    assert [(round(change.amount or 0, 4), change.against) for change in card.changes] == [
        (-0.02, "ggü. Nov 25"), (0.02, "ggü. Dez 24"),
    ]  # fmt: skip
    assert card.course == [0.08, 0.12, 0.1]
    assert overview.complete(rows) == rows[:3], "the running period is compared with nothing"
    shown = card_html(card, DE, "EUR")
    assert "sk-good" in shown.split("Nov 25")[0], "less churn is better"
    assert "sk-bad" in shown.split("Nov 25")[1]


def test_figures_on_an_unknown_start_are_left_out() -> None:
    rows = [month(date(2025, 11, 1), is_left_censored=True), month(date(2025, 12, 1))]
    cards = {card.term.kpi: card for card in overview.kpi_cards(rows, "month", date(2025, 12, 1), TERMS["de"], DE)}
    assert cards["customer_retention_rate"].changes[0].amount is None
    assert cards["average_order_value"].changes[0].amount == 0


def test_years_and_weeks_have_a_year_before() -> None:
    assert overview.year_before("year", date(2025, 1, 1)) == date(2024, 1, 1)
    assert overview.year_before("week", date(2025, 12, 29)) == date(2024, 12, 30)


# What changed


def segment(value: str, contribution: float, rate_effect: float) -> dict[str, Any]:
    return {
        "dimension": "country", "dimension_value": value, "retained_rate_contribution": contribution,
        "rate_effect": rate_effect, "mix_effect": contribution - rate_effect, "customers_at_start": 5,
    }  # fmt: skip


def test_sentences_say_what_kept_worse_and_what_merely_grew() -> None:
    before = month(date(2025, 11, 1), retained_customer_rate=0.95, retained_customer_rate_low=0.94)
    now = month(date(2025, 12, 1), retained_customer_rate=0.90, retained_customer_rate_high=0.92)
    segments = [segment("AT", -0.06, -0.05), segment("DE", 0.01, 0.001), segment("CH", 0.0, 0.0)]
    assert list(changes.sentences(before, now, segments, TERMS["en"], EN)) == [
        "retained_customer_rate: down by 5.0\xa0pp, from 95.0% (November 2025) to 90.0% (December 2025).",
        "Country: “AT” added most (−6.0\xa0pp): it kept a smaller share of its customers; "  # noqa: RUF001
        "“DE” worked against it (+1.0\xa0pp): it merely makes up another share of all customers.",
    ]
    better = list(changes.sentences(now, before, [segment("AT", 0.06, 0.05), segment("CH", 0.0, 0.0)], TERMS["en"], EN))
    assert better[1] == "Country: “AT” added most (+6.0\xa0pp): it kept a larger share of its customers."


def test_a_difference_within_the_intervals_may_be_chance() -> None:
    before, now = month(date(2025, 11, 1), retained_customer_rate=0.88), month(date(2025, 12, 1))
    assert EN.say("changes.may_be_chance") in list(changes.sentences(before, now, [], TERMS["en"], EN))


def test_without_a_period_before_nothing_is_compared() -> None:
    (said,) = changes.sentences(None, month(date(2025, 12, 1)), [], TERMS["en"], EN)
    assert said == "There is no earlier period with which the retention of December 2025 could be compared."
    censored = month(date(2025, 11, 1), is_left_censored=True)
    (said,) = changes.sentences(censored, month(date(2025, 12, 1)), [], TERMS["en"], EN)
    assert said.startswith("December 2025 cannot be compared with November 2025: the data begin too late")


def test_a_year_before_has_effects_of_its_own() -> None:
    row = {
        **segment("AT", -0.06, -0.05),
        "retained_rate_contribution_year_before": 0.02,
        "rate_effect_year_before": 0.03,
    }
    row["mix_effect_year_before"] = -0.01
    found = changes.compared([row], "year_before")[0]
    assert [found[effect] for effect in changes.EFFECTS] == [0.02, 0.03, -0.01]
    assert changes.compared([row], "previous") == [row]
    rows = [month(date(2024, 12, 1)), month(date(2025, 11, 1)), month(date(2025, 12, 1))]
    assert [changes.before(rows, rows[2], against) for against in changes.AGAINST] == [rows[1], rows[0]]


# Cohorts


def cell(cohort: int, number: int, active: int, *, complete: bool = True) -> dict[str, Any]:
    return {
        "cohort_start": date(2025, cohort, 1), "period_number": number, "period_start": date(2025, cohort + number, 1),
        "is_complete": complete, "cohort_customers": 10, "active_customers": active, "retention_rate": active / 10,
        "retention_rate_low": 0.1, "retention_rate_high": 0.6, "eligible_customers": 20, "cohorts": 2,
    }  # fmt: skip


CELLS = [cell(1, 0, 10), cell(1, 1, 4), cell(1, 2, 9, complete=False), cell(2, 0, 10), cell(2, 1, 2)]


def grid_of(**asked: Any) -> Any:
    pooled = [cell(1, 0, 10), cell(1, 1, 3), cell(1, 2, 9), cell(1, 3, 1)]
    return cohorts.triangle(CELLS, pooled, "month", "retention_rate", TERMS["en"], EN, "EUR", **asked)


def test_one_scale_holds_for_the_whole_table_and_ends_with_complete_cells() -> None:
    grid = grid_of()
    january, february = grid.lines
    assert grid.scale == ("0%", "40%")
    assert january.cells[0].place is None, "everybody ordered in period 0"
    assert [january.cells[1].place, february.cells[1].place] == [1.0, 0.5]
    assert not january.cells[2].is_complete
    assert [grid.last.cells[number].shown for number in (0, 1, 2)] == ["100%", "30%", "90%"]
    assert 3 not in grid.last.cells, "no column of the table"
    assert "likely between 10.0% and 60.0%" in january.cells[1].says
    shown = grid.html(EN)
    assert shown.count("sk-open") == 2, "the unfinished cell, and what the hatching means"


def test_a_month_of_the_calendar_is_a_column() -> None:
    grid = grid_of(calendar=True)
    assert [label for _, label in grid.columns] == ["Jan 25", "Feb 25", "Mar 25"]
    assert [grid.lines[0].cells[date(2025, 2, 1)].shown, grid.lines[1].cells[date(2025, 2, 1)].shown] == ["40%", "100%"]


def test_only_what_is_beyond_chance_is_coloured() -> None:
    deviations = [
        {"cohort_start": date(2025, month, 1), "period_number": 1, "pooled_rate": 0.3, "q_value": 0.01,
         "difference_from_pooled": 0.1 if month == 1 else -0.1, "differs_from_pooled": month == 2}
        for month in (1, 2)
    ]  # fmt: skip
    grid = grid_of(deviations=deviations)
    assert {cell.mark for line in grid.lines for cell in line.cells.values()} == {"", "sk-lower"}
    assert grid.lines[1].cells[1].mark == "sk-lower"
    assert {cell.place for line in (*grid.lines, grid.last) for cell in line.cells.values()} == {None}
    said = list(cohorts.hurt(CELLS, deviations, "month", EN))
    assert said == ["Worse than to be expected, in brackets in how many periods: February 2025 (1)."]


def test_it_is_too_late_when_most_have_come() -> None:
    def row(day: int) -> dict[str, Any]:
        return {"from_order_number": 1, "day": day, "repurchase_probability": min(day, 100) / 200}

    said = list(return_times.too_late([row(day) for day in range(366)], EN))
    assert said[0] == "50.0% of customers order a second time within 365 days."
    assert [re.search(r"day (\d+)", sentence)[1] for sentence in said[1:]] == ["50", "80", "90"]  # type: ignore[index]


def test_what_is_counted_has_whole_figures_at_its_axis() -> None:
    assert ticks(0, 1.15, 4, whole=True) == [0, 1, 2]
    assert ticks(0, 12, whole=True) == [0, 5, 10, 15]
    assert ticks(0, 12) == [0, 2.5, 5, 7.5, 10, 12.5]


def test_ticks_are_round_and_hold_everything() -> None:
    assert ticks(0, 0.34) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert ticks(881, 972) == [880, 900, 920, 940, 960, 980]
    for low, high in ((0.0, 0.0), (5.0, 5.0), (-0.02, 0.013), (0, 19_234_567)):
        found = ticks(low, high)
        assert found[0] <= low and found[-1] >= high and len(found) >= 2


def test_texts_can_be_read_on_every_colour() -> None:
    assert len(SCALE) == 5
    for share in range(101):
        darker, lighter = sorted(luminance(colour) for colour in on_scale(share / 100))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, share


# Lifecycle


def move(month: int, before: str, after: str, customers: int) -> dict[str, Any]:
    return {
        "month_start": date(2025, month, 1), "from_stage": before, "to_stage": after, "customers": customers,
        "is_complete": month < 4,
    }  # fmt: skip


STEPS = [
    move(2, "new", "at_risk", 3), move(2, "at_risk", "lost", 2), move(2, "lost", "reactivated", 4),
    move(3, "prospect", "at_risk", 1), move(3, "loyal", "at_risk", 4), move(3, "at_risk", "at_risk", 9),
    move(3, "prospect", "lost", 1), move(3, "at_risk", "lost", 1), move(3, "lost", "lost", 5),
    move(3, "lost", "at_risk", 2), move(4, "new", "active", 7),
]  # fmt: skip


def test_who_slipped_was_lost_and_came_back_is_set_against_the_month_before() -> None:
    assert list(lifecycle.sentences(STEPS, date(2025, 3, 1), EN)) == [
        "March 2025: 5 customers became “At risk”, 2 were lost, 2 came back.",
        "Became at risk: 5, against 3 in February 2025 (+2).",
        "Were lost: 2, as many as in February 2025.",
        "Came back: 2, against 4 in February 2025 (−2).",  # noqa: RUF001
    ]
    assert len(list(lifecycle.sentences(STEPS, date(2025, 2, 1), EN))) == 1, "nothing is known of the month before"


def test_a_running_month_is_not_compared() -> None:
    assert list(lifecycle.sentences(STEPS, date(2025, 4, 1), EN)) == [
        "April 2025: 0 customers became “At risk”, 0 were lost, 0 came back.", EN.say("lifecycle.running"),
    ]  # fmt: skip
    shown = lifecycle.moves_over_time(STEPS, EN)
    assert [[row[name] for name in lifecycle.MOVES] for row in shown.table.rows] == [[5, 2, 2], [3, 2, 4]]


def test_a_flow_draws_who_moved_and_its_table_has_everybody() -> None:
    chart = lifecycle.flow(STEPS, date(2025, 3, 1), "moved", EN)
    link, node = chart.figure.data[0].link, chart.figure.data[0].node
    drawn = {(node.label[a], node.label[b]): v for a, b, v in zip(link.source, link.target, link.value, strict=True)}
    assert drawn == {
        ("Prospect 2", "At risk 7"): 1, ("Prospect 2", "Lost 2"): 1, ("Loyal 4", "At risk 7"): 4,
        ("At risk 1", "Lost 2"): 1, ("Lost 2", "At risk 7"): 2,
    }  # fmt: skip
    assert [row["customers"] for row in chart.table.rows] == [1, 1, 4, 9, 1, 2, 5]
    everybody = lifecycle.flow(STEPS, date(2025, 3, 1), "all", EN).figure.data[0]
    assert sum(everybody.link.value) == 23
    assert max(everybody.node.y) < 1, "all within the picture"


def test_stages_at_the_end_of_a_month_are_where_its_steps_lead() -> None:
    rows = lifecycle.stages_over_time(STEPS, EN).table.rows
    assert (rows[1]["at_risk"], rows[1]["lost"], rows[1]["loyal"]) == (16, 7, 0)


# Customers


def rfm_cell(recent: int, often: int, segment: str, many: int, revenue: str) -> dict[str, Any]:
    return {
        "r_score": recent, "f_score": often, "rfm_segment": segment, "customers": many, "net_revenue": Decimal(revenue),
    }  # fmt: skip


RFM = [
    rfm_cell(5, 5, "champions", 2, "900.00"), rfm_cell(5, 4, "champions", 1, "50.00"),
    rfm_cell(1, 1, "gone", 9, "10.00"),
]  # fmt: skip


def test_each_cell_says_its_segment_customers_and_revenue() -> None:
    shown = customers.rfm_html(RFM, "customers", TERMS["de"], DE, "EUR")
    lines = re.findall(r"<tr>(.*?)</tr>", shown)
    assert [line.count("<td") for line in lines] == [0, 5, 5, 5, 5, 5]
    assert re.findall(r"<td[^>]+>([^<]+)<br><b>([^<]+)</b><br>([^<]+)</td>", lines[1]) == [
        ("Beste Kunden", "1", "50\xa0€"), ("Beste Kunden", "2", "900\xa0€"),
    ]  # fmt: skip
    darkest = "background-color: #08306b"
    assert darkest in lines[5] and darkest not in lines[1], "most customers"
    by_revenue = re.findall(r"<tr>(.*?)</tr>", customers.rfm_html(RFM, "net_revenue", TERMS["de"], DE, "EUR"))
    assert darkest in by_revenue[1] and darkest not in by_revenue[5], "most revenue"


def test_a_segment_is_the_sum_of_its_cells() -> None:
    chart = customers.segments(RFM, "net_revenue", TERMS["en"], EN, "EUR")
    assert [(row["segment"], row["customers"], row["net_revenue"]) for row in chart.table.rows] == [
        ("Champions", 3, Decimal("950.00")), ("Gone", 9, Decimal("10.00")),
    ]  # fmt: skip
    assert chart.alt.endswith("the largest: Champions €950.00, Gone €10.00.")


def happened(kind: str, group: str, day: date, **said: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("occurred_at", "outcome", "channel", "value", "amount", "order_id", "rule_id"))
    return {"event_type": kind, "event_group": group, "event_date": day, **nothing, "events": 1, **said}


EVENTS = [
    happened("session", "use", date(2025, 5, 3), events=3),
    happened("action_taken", "messages", date(2025, 5, 2), rule_id="<b>win_back", outcome="control"),
    happened("contract_ended", "contract", date(2025, 5, 1), outcome="involuntary", amount=Decimal("9.90")),
    happened("ticket_first_reply", "support", date(2025, 4, 3), value=Decimal(1500), outcome="above_target"),
    happened("ticket_opened", "support", date(2025, 4, 3), channel="chat"),
    happened("csat", "answers", date(2025, 4, 2), value=Decimal("3.5"), outcome="neutral"),
    happened("nps", "answers", date(2025, 4, 2), value=Decimal(6), outcome="detractor"),
    happened("loyalty_earned", "programmes", date(2025, 4, 1), value=Decimal(120)),
    happened("order", "orders", date(2025, 4, 1), order_id="o1", amount=Decimal(50), outcome="refunded", channel="web"),
]


def test_events_are_told_in_words() -> None:
    rows = events.table(EVENTS, EN).rows
    assert [(row["what"], row["details"], row["warns"]) for row in rows] == [
        ("Visit", "3 times", None),
        ("Action taken", "rule <b>win_back, control group: nothing done", None),
        ("Contract ended", "involuntarily (such as a payment), price per month", True),
        ("First reply to a ticket", "1,500\xa0min, above target", True),
        ("Ticket opened", None, None),
        ("Answer on satisfaction (CSAT)", "3.5 of 5, neutral", None),
        ("Answer on recommending (NPS)", "6 of 10, detractor", True),
        ("Points earned", "120 points", None),
        ("Order", "o1, with a refund", None),
    ]
    assert events.table(EVENTS, DE).rows[-3]["details"] == "6 von 10, Kritiker"
    refund = happened("refund", "orders", date(2025, 4, 5), order_id="o1", amount=Decimal(5))
    assert [*events.sentences([refund, *EVENTS[-1:]], [], EN)] == [
        "2 events from 1 April 2025 to 5 April 2025.",
        "Warnings: 1, the last on 5 April 2025. Refund (1).",
        "Answers, Support, Contracts, Programmes, Messages, Use: up to the as-of date this shop has no rows for it "
        "(entities “activities”, “subscriptions” and “actions_taken”).",
    ]
    coverage = [{"signal": "nps"}, {"signal": "subscriptions"}, {"signal": "session"}, {"signal": "wishlist_added"}]
    assert [*events.sentences(EVENTS[-1:], coverage, EN)][1:] == [
        EN.say("events.no_warning"),
        "Answers, Contracts, Use: nothing is recorded of this customer.",
        EN.say("events.not_of_shop", names="Support, Programmes, Messages"),
    ]


def test_a_time_line_has_a_lane_for_each_kind_and_a_mark_for_each_day() -> None:
    chart = events.line(EVENTS, date(2025, 5, 10), "at_risk", "K1", EN, "EUR")
    usual, warned = chart.figure.data
    assert [*zip(usual.y, usual.x, strict=True)] == [
        ("Orders", "2025-04-01"), ("Programmes", "2025-04-01"), ("Messages", "2025-05-02"), ("Use", "2025-05-03"),
    ]  # fmt: skip
    assert [*zip(warned.y, warned.x, strict=True)] == [
        ("Answers", "2025-04-02"), ("Support", "2025-04-03"), ("Contracts", "2025-05-01"),
    ]  # fmt: skip
    assert usual.customdata[0] == "<b>1 April 2025</b><br>Order, o1, with a refund, €50.00"
    assert usual.customdata[2].endswith("rule &lt;b&gt;win_back, control group: nothing done")
    assert warned.customdata[1].count("<br>") == 2, "both of one day"
    assert chart.alt == (
        "Time line of K1 by kind of event: Orders 1, Answers 2, Support 2, Contracts 1, Programmes 1, Messages 1, "
        "Use 3; “At risk” today."
    )


def test_every_event_has_words() -> None:
    model = yaml.safe_load((PROJECT / "models/marts/lifecycle/customer_events.yml").read_text(encoding="utf-8"))
    columns = {one["name"]: one for one in model["models"][0]["columns"]}
    outcomes = columns["outcome"]["config"]["meta"]["rules"]["values"]
    assert {f"events.outcome.{code}" for code in outcomes} <= words().keys()
    assert set(columns["event_group"]["config"]["meta"]["rules"]["values"]) == set(events.KINDS)
    assert {f"events.kind.{kind}" for kind in events.KINDS} <= words().keys()
    assert {f"events.type.{kind}" for kinds in GROUPS.values() for kind in kinds} <= words().keys()


def test_months_below_a_time_line_are_few_and_evenly_apart() -> None:
    assert months_between(date(2025, 11, 20), date(2026, 1, 18)) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1),
    ]  # fmt: skip
    assert months_between(date(2024, 12, 31), date(2026, 1, 1)) == [
        date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1), date(2026, 1, 1),
    ]  # fmt: skip


# Quality


def test_what_marts_hold_as_a_code_has_a_name() -> None:
    sources = [file.read_text(encoding="utf-8") for file in PROJECT.glob("models/**/*.sql")]
    reasons = set()
    for text in sources:
        for block in re.findall(
            r"case\b(?:(?!\bcase\b).)*?end as (?:rejection|exclusion|superseded)_reason", text, re.S
        ):
            reasons |= set(re.findall(r"(?:then|else) '([a-z_]+)'", block))
    assert {"invalid_amount", "status", "duplicate", "damaged_id"} <= reasons and len(reasons) > 25
    from orchestration.quality.suites import SUITES

    def values(mart: str, column: str) -> set[str]:
        (file,) = PROJECT.glob(f"models/marts/**/{mart}.yml")
        model = yaml.safe_load(file.read_text(encoding="utf-8"))["models"][0]
        found = next(one for one in model["columns"] if one["name"] == column)
        return set(found["config"]["meta"]["rules"]["values"])

    for kind, codes in {
        "reason": reasons | {"after_as_of_date", "none"},
        "suite": set(SUITES),
        "entity": values("row_accounting", "entity"),
        "outcome": values("row_accounting", "outcome"),
        "check": values("check_results", "outcome"),
        "build": values("builds", "outcome"),
    }.items():
        assert {f"names.{kind}.{code}" for code in codes} <= words().keys()
    assert set(quality.SUITES) == set(SUITES)
    assert set(quality.BY_CONCERN) == values("check_results", "outcome")


def checked(suite: str, name: str, outcome: str) -> dict[str, Any]:
    return {
        "suite": suite, "check_name": name, "severity": "fail", "outcome": outcome, "observed": "7 %",
        "expected": "at most 5 %", "explanation": f"About {name}", "rows_judged": 1,
    }  # fmt: skip


RESULTS = [
    checked("drift", "a", "passed"), checked("drift", "b", "warned"), checked("raw", "c", "passed"),
    checked("raw", "d", "warned"), checked("staging", "e", "accepted"), checked("raw", "f", "off"),
]  # fmt: skip


def test_what_failed_comes_first_then_what_warned() -> None:
    assert [row["check_name"] for row in quality.by_concern(RESULTS)] == ["e", "d", "b", "f", "c", "a"]
    assert [row["check_name"] for row in quality.of_concern(RESULTS)] == ["e", "d", "b"]
    table = quality.suite_table(RESULTS, EN)
    assert [[row["suite"], *(row[column.key] for column in table.columns[1:])] for row in table.rows] == [
        ["Delivery", 0, 1, 1, 1], ["Usable rows", 1, 0, 0, 0], ["Drift of the figures", 0, 1, 0, 1],
    ]  # fmt: skip


def test_a_build_says_what_it_stands_on() -> None:
    build = {
        "raw_order_rows": 1234, "orders": 1000, "customers": 500, "first_order_date": date(2023, 1, 2),
        "as_of_date": date(2026, 1, 18), "checks": 6, "warnings": 2, "failures": 1, "accepted_reason": "It was mended",
        "baseline_build_id": "b1",
    }  # fmt: skip
    assert list(quality.stands_on(build, RESULTS, EN)) == [
        "Of 1,234 order rows that came in, 1,000 orders of 500 customers count, "
        "from 2 January 2023 to 18 January 2026.",
        "6 checks: 2 with a warning, 1 failed and accepted with a reason; 1 had nothing to judge or to compare with.",
        "“About e”: failed, accepted (found 7 %, expected at most 5 %).",
        "“About d”: warned (found 7 %, expected at most 5 %).",
        "“About b”: warned (found 7 %, expected at most 5 %).",
        "Accepted because: “It was mended”.",
        "Compared with build b1.",
    ]
    alone = {**build, "checks": None, "accepted_reason": None, "baseline_build_id": None}
    assert list(quality.stands_on(alone, [], EN))[1:] == [
        EN.say("quality.unchecked"), EN.say("quality.compared_with_nothing"),
    ]  # fmt: skip


def test_why_a_closed_period_changed_is_said_in_words() -> None:
    row = {"late_orders": 2, "updated_orders": 0, "removed_orders": 1, "unexplained_orders": 3}
    assert quality.why(row, EN) == "2 came late, 1 removed for a known reason, 3 without a known reason"
    assert quality.why(row, DE) == "2 kamen verspätet, 1 aus bekanntem Grund entfernt, 3 ohne erkennbaren Grund"


def test_rows_that_do_not_count_are_shown_by_their_reason() -> None:
    rows = [
        {"entity": "orders", "outcome": "counted", "reason": "none", "rows": 90},
        {"entity": "orders", "outcome": "excluded", "reason": "test_order", "rows": 7},
        {"entity": "orders", "outcome": "quarantined", "reason": "invalid_amount", "rows": 2},
        {"entity": "orders", "outcome": "left_out", "reason": "<i>gift cards", "rows": 1},
        {"entity": "refunds", "outcome": "superseded", "reason": "none", "rows": 500},
    ]
    assert quality.entities(rows) == ["orders", "refunds"]
    said = quality.accounted(rows, "orders", EN)
    assert said == "Orders: 100 rows. Counted 90, Excluded 7, Not usable 2, Left out 1."
    bars = quality.not_counted(rows, "orders", EN).figure.data[0]
    assert list(bars.x) == [7, 2, 1]
    names = [name.replace("<br>", " ") for name in bars.y]
    assert names == [
        "Excluded: test order",
        "Not usable: amount is missing or no number",
        "Left out: &lt;i&gt;gift cards",
    ]


def test_settings_are_shown_plainly() -> None:
    table = quality.settings_table({"b": [1, "x"], "a": True, "c": "", "d": 365}, EN)
    assert [(row["setting"], row["value"]) for row in table.rows] == [
        ("a", "yes"), ("b", "1, x"), ("c", EN.value(None, "text")), ("d", "365"),
    ]  # fmt: skip


# Reading


def test_reports_know_nothing_of_streamlit_and_nothing_is_fetched() -> None:
    for file in PROJECT.glob("reports/**/*.py"):
        assert "streamlit" not in file.read_text(encoding="utf-8"), file
    for file in (*PROJECT.glob("reports/*.css"), *PROJECT.glob("dashboard/*.css")):
        assert not re.search(r"url\(|@import|https?:", file.read_text(encoding="utf-8")), file


def test_whoever_reads_leaves_nothing_open(published: Path) -> None:
    assert answer(published, build())
    with duckdb.connect(str(published)) as writer:  # fails while a reader of this process has the file open
        writer.execute("create table marts.another as select 1 as one")


def test_a_build_of_an_earlier_version_is_told_by_its_mart(published: Path) -> None:
    with pytest.raises(MissingMartError, match=r"marts\.to_come"):
        answer(published, Question("to_come", "select 1 from marts.to_come"))


# Pages


@pytest.fixture
def published(sample: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published file of its own, which the dashboard of this process reads."""
    file = published_copy(sample.warehouse, tmp_path / "retention.duckdb")
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(file))
    return file


def page(name: str, **address: str) -> Any:
    """A page as a reader opens it."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=60)
    app.run()
    if path := PAGES[name]:
        app.switch_page(path)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def html_of(app: Any) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def texts_of(app: Any) -> str:
    return html_of(app) + "\n".join(element.value for element in (*app.caption, *app.info, *app.markdown, *app.title))


def no_error(app: Any) -> None:
    assert not app.exception, [element.value for element in app.exception]
    assert not app.error, [element.value for element in app.error]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_overview_says_what_the_marts_say(published: Path, language: Language) -> None:
    app = page("overview", lang=language.code)
    no_error(app)
    latest = overview.complete(answer(published, kpis("month")))[-1]
    terms = Glossary(answer(published, glossary()), language)
    for kpi in overview.MEASURES:
        found = re.search(rf'data-kpi="{kpi}".*?sk-value">([^<]+)<', html_of(app))
        assert found and found[1] == language.value(latest[kpi], terms.term(kpi).unit, "EUR"), kpi
        assert terms.term(kpi).name in html_of(app)
    assert language.say("overview.title") in [title.value for title in app.title]
    worth = answer(published, retention_value("month"))[0]["value_per_point"]
    assert f"{language.money(worth, 'EUR', 0)} " in texts_of(app)
    running = {row["compared_with"]: row for row in answer(published, running_period("month"))}
    orders = "".join(
        f'<td class="sk-n">{shown}</td>'
        for shown in (
            language.number(running["this"]["orders"]),
            language.number(running["previous"]["orders"]),
            language.change(running["this"]["orders"] - running["previous"]["orders"], "orders"),
        )
    )
    assert orders in html_of(app)
    share = answer(
        published,
        Question("c", "select cumulative_revenue_share as s from marts.customer_concentration where decile = 2"),
    )
    assert language.say("overview.best_fifth", share=language.percent(share[0]["s"])) in texts_of(app)


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_cohorts_say_what_the_marts_say(published: Path, language: Language) -> None:
    app = page("cohorts", lang=language.code, grain="quarter", reading="cumulative_revenue_per_customer")
    no_error(app)
    rows = answer(
        published,
        Question(
            "cohort_retention",
            """
            select cohort_start, period_number, cohort_customers, cumulative_revenue_per_customer as value
            from marts.cohort_retention where cohort_grain = 'quarter' and dimension = 'all'
            order by cohort_start, period_number
            """,
        ),
    )
    grid = html_of(app).split("sk-grid")[1]
    for row in rows[-12:]:
        line = grid.split(f">{language.period('quarter', row['cohort_start'])}<")[2].split("</tr>")[0]
        shown = re.findall(r"sk-cell[^>]*>([^<]+)<", line)
        assert shown[row["period_number"]] == language.number(row["value"])
        assert language.number(row["cohort_customers"]) in line


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_lifecycle_says_what_the_marts_say(published: Path, language: Language) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.build set settings = ?", [SETTINGS])
    app = page("lifecycle", lang=language.code)
    no_error(app)
    rows = answer(
        published,
        Question(
            "retention_kpis",
            """
            select
                period_start, churned_customers + new_customers_lost as lost, reactivated_customers as back,
                customers_at_end,
                (
                    select coalesce(sum(customers), 0) from marts.lifecycle_transitions as steps
                    where month_start = period_start and to_stage = 'at_risk' and from_stage not in ('at_risk', 'lost')
                ) as slipped
            from marts.retention_kpis where period_grain = 'month' and is_complete order by period_start
            """,
        ),
    )
    before, now = rows[-2:]
    said = language.say(
        "lifecycle.said", period=language.period("month", now["period_start"]), at_risk=language.stage("at_risk"),
        **{name: language.number(now[name]) for name in lifecycle.MOVES},
    )  # fmt: skip
    assert said in html_of(app), "the bridge of the overview says the same"
    assert f"{language.period('month', before['period_start'])} (" in html_of(app)
    months = lines_of(html_of(app), language.say("lifecycle.month_end"))
    (shown,) = (line for line in months if f">{language.period('month', now['period_start'])}<" in line)
    stages = [int(re.sub(r"\D", "", figure)) for figure in re.findall(r'sk-n">([^<]+)<', shown)]
    assert sum(stages[:-1]) == now["customers_at_end"], "all but the lost are active"
    for row in answer(
        published, Question("c", "select lifecycle_stage as s, count(*) as n from marts.customers group by 1")
    ):
        assert f'<td>{language.stage(row["s"])}</td><td class="sk-n">{language.number(row["n"])}<' in html_of(app)
    assert language.stage("lost") + ": " in texts_of(app) and " 365 " in texts_of(app), (
        "what the stages mean, with the shop's own limits"
    )


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_funnel_says_what_the_marts_say(published: Path, language: Language) -> None:
    app = page("lifecycle", lang=language.code, course="bonds", ladder_flow="all")
    no_error(app)
    rows = answer(published, funnel_rows())
    terms, today = Glossary(answer(published, glossary()), language), answer(published, build())[0]["as_of_date"]
    shown = unescape(html_of(app))
    for sentence in funnel.sentences(rows, today, terms, language):
        assert sentence in shown
    (settled,) = answer(
        published,
        Question(
            "lifecycle_kpis",
            "select second_order_rate_90d as rate from marts.lifecycle_kpis where lifecycle_stage = 'new' and "
            "last_day(month_start) + 90 <= (select as_of_date from marts.build) order by month_start desc limit 1",
        ),
    )
    steps = lines_of(html_of(app), language.say("funnel.step"))
    name = f"{language.say('funnel.retention')}: {terms.term('second_order_rate_90d').name}"
    (line,) = (line for line in steps if f"<td>{name}<" in line)
    assert f">{language.percent(settled['rate'])}<" in line
    month = max(row["month_start"] for row in rows if row["is_next_month_complete"])
    at = funnel.of_month(rows, month)
    stages = {
        re.findall(r"<td>([^<]*)</td>", line)[0]: line
        for line in lines_of(shown, terms.term("revenue_at_stake").name)
    }  # fmt: skip
    for stage in funnel.STAGES:
        assert f">{language.money(at[stage]['revenue_at_stake'], 'EUR')}<" in stages[language.stage(stage)]
    signal_lines = lines_of(shown, terms.term("tickets_per_customer").name)
    assert f">{language.percent(at['loyal']['email_open_rate'])}<" in next(
        line for line in signal_lines if f"<td>{language.stage('loyal')}<" in line
    )
    moves = answer(published, ladder_rows())
    last = lifecycle.complete_months(moves)[0]
    assert next(ladder.sentences(moves, last, language)) in shown
    flow = lines_of(html_of(app), language.say("ladder.to"))
    assert sum(int(re.sub(r"\D", "", line.rpartition("<td")[2])) for line in flow) == sum(
        row["customers"] for row in moves if row["month_start"] == last
    )
    referred, points = answer(published, referrals()), answer(published, loyalty())
    for sentence in programmes.referral_sentences(referred, today, language):
        assert sentence in shown
    for sentence in programmes.loyalty_sentences(points, language):
        assert sentence in shown
    tiers = lines_of(html_of(app), language.say("programmes.tier"))
    assert len(tiers) == len({row["loyalty_tier"] for row in points})


def test_a_shop_without_programmes_is_told_so_and_its_funnel_stands(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        for mart in ("signal_coverage", "referral_kpis", "loyalty_kpis"):
            connection.execute(f"delete from marts.{mart}")
        connection.execute(
            "update marts.lifecycle_kpis set activation_rate = null, "
            + ", ".join(f"{kpi} = null" for kpi in funnel.NEEDS)
        )
        connection.execute(
            "update marts.lifecycle_kpis set customers = 0, conversion_next_month_rate = null "
            "where lifecycle_stage = 'prospect'"
        )
        connection.execute("update marts.value_ladder set cross_category_rate = null")
    app = page("lifecycle", lang="en")
    no_error(app)
    shown = unescape(texts_of(app))
    for signal in ("product_use", "nps", "csat", "ticket_opened", "email_sent", *programmes.REFERRAL_TYPES):
        assert f"“{signal}”" in shown, signal
    assert "“loyalty_earned”" in shown and EN.say("funnel.no_prospects") in shown
    assert len(app.get("plotly_chart")) == 9, "no chart of a programme"
    terms = Glossary(answer(published, glossary()), EN)
    assert terms.term("cross_category_rate").name not in shown
    assert EN.say("signals.basis") not in [element.value for element in app.subheader]


def test_the_months_of_the_lifecycle_are_chosen_in_the_address(published: Path) -> None:
    app = page("lifecycle", lang="en", month="2025-03-01", flow="all")
    no_error(app)
    assert "March 2025: " in html_of(app) and "February 2025" in html_of(app)
    rows = answer(
        published,
        Question("t", "select sum(customers) as n from marts.lifecycle_transitions where month_start = '2025-03-01'"),
    )
    flow = html_of(app).split(EN.say("lifecycle.to"))[1].split("</table>")[0]
    assert sum(int(figure) for figure in re.findall(r'sk-n">(\d+)<', flow)) == rows[0]["n"]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_customers_say_what_the_marts_say(published: Path, language: Language) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.build set settings = ?", [SETTINGS])
        connection.execute("update marts.customers set customer_id = '=1+1' where customer_id = 'K00171'")
    app = page("customers", lang=language.code)
    no_error(app)
    rows = answer(
        published,
        Question(
            "customers",
            """
            select *, sum(net_revenue) over () as at_stake, count(*) over () as customers,
                count(*) filter (marketing_consent) over () as consenting
            from marts.customers where lifecycle_stage = 'at_risk' order by net_revenue desc, customer_id
            """,
        ),
    )
    first = rows[0]
    assert f"{language.money(first['at_stake'], 'EUR', 0)} " in html_of(app)
    (in_a_year,) = answer(
        published,
        Question(
            "orders",
            """
            select sum(net_amount) as revenue from marts.orders
            where order_date > (select as_of_date from marts.build) - 365
                and customer_id in (select customer_id from marts.customers where lifecycle_stage = 'at_risk')
            """,
        ),
    )
    at_stake = language.money(in_a_year["revenue"], "EUR", 0)
    assert language.say("customers.in_a_year", revenue=at_stake) in html_of(app)
    consent = language.say("customers.consent", customers=language.number(first["consenting"]))
    assert consent in html_of(app) and "180" in html_of(app) and "365" in html_of(app)
    listed = html_of(app).split("</table>")[0]
    assert re.findall(r"<tr><td>([^<]+)</td><td class=\"sk-n\">([^<]+)<", listed) == [
        (row["customer_id"], language.money(row["net_revenue"], "EUR")) for row in rows[:15]
    ]
    assert language.say("common.more_rows", shown="15", rows=language.number(first["customers"])) in texts_of(app)
    cells = answer(
        published,
        Question(
            "c",
            """
            select rfm_segment as s, count(*) as n, sum(net_revenue) as v
            from marts.customers group by rfm_segment, r_score, f_score
            """,
        ),
    )
    for row in cells:
        money = language.money(row["v"], "EUR", 0)
        shown = f">{language.rfm_segment(row['s'])}<br><b>{language.number(row['n'])}</b><br>{money}</td>"
        assert shown in html_of(app)


def test_the_list_of_those_nearly_lost_has_two_orders(published: Path) -> None:
    app = page("customers", lang="en", order="by_days")
    no_error(app)
    latest = answer(
        published,
        Question(
            "c", "select recency_days as d from marts.customers where lifecycle_stage = 'at_risk' order by d desc"
        ),
    )
    listed = re.findall(r"<tr><td>.*?</tr>", html_of(app).split("</table>")[0])
    days = [int(re.findall(r">([^<]*)</td>", line)[8]) for line in listed]
    assert days == [row["d"] for row in latest[:15]]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_health_of_customers_is_that_of_the_mart(published: Path, language: Language) -> None:
    app = page("customers", lang=language.code, stage="not_lost", band="critical", order="by_health")
    no_error(app)
    rows = answer(
        published,
        Question(
            "customers",
            "select * from marts.customers where lifecycle_stage <> 'lost' order by health_score, net_revenue desc",
        ),
    )
    critical = [row for row in rows if row["health_band"] == "critical"]
    terms = Glossary(answer(published, glossary()), language)
    listed = lines_of(html_of(app), terms.term("health_score").name)
    assert [re.findall(r">([^<]*)</td>", line)[0] for line in listed] == [row["customer_id"] for row in critical[:15]]
    first = re.findall(r">([^<]*)</td>", listed[0])
    assert first[2:7] == [
        language.stage(critical[0]["lifecycle_stage"]), language.number(critical[0]["health_score"], 2),
        language.name("band", "critical"), language.value(critical[0]["health_score_change_28d"], "number"),
        critical[0][f"health_drivers_{language.code}"],
    ]  # fmt: skip
    assert language.say("common.more_rows", shown="15", rows=language.number(len(critical))) in texts_of(app)
    scored = [row for row in rows if row["health_band"]]
    share = language.percent(len(critical) / len(scored))
    assert f"{share} ({language.number(len(critical))} " in html_of(app)
    means = {
        re.findall(r">([^<]*)</td>", line)[0]: line for line in lines_of(html_of(app), language.say("health.component"))
    }
    looks = answer(published, health_backtest())
    assert backtest.verdict(looks, language) in unescape(html_of(app))
    surveyed = [row["health_survey"] for row in critical if row["health_survey"]]
    mean = language.number(sum(surveyed) / len(surveyed), 2)
    assert f">{mean}<" in means[terms.term("health_survey").name]


def test_a_build_without_a_look_back_says_nothing_of_it(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop table marts.health_backtest")
    app = page("customers", lang="en")
    no_error(app)
    assert "better than" not in html_of(app) and EN.say("health.title") in [one.value for one in app.subheader]
    assert not [info.value for info in app.info]


def test_a_list_of_nobody_is_a_sentence(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.customers set health_band = 'watch' where lifecycle_stage = 'loyal'")
    app = page("customers", lang="en", stage="loyal", band="critical")
    no_error(app)
    assert EN.say("customers.nobody_so") in [info.value for info in app.info]


def test_the_health_of_a_shop_with_orders_alone_is_what_it_bought(published: Path) -> None:
    others = [name for name in HEALTH_COMPONENTS if name != "purchase"]
    with duckdb.connect(str(published)) as connection:
        connection.execute("delete from marts.signal_coverage")
        connection.execute("delete from marts.customer_events where event_group <> 'orders'")
        for name in others:
            connection.execute(f"update marts.customers set health_{name} = null")
    who = answer(published, at_risk_customers("by_value", 1))[0]["customer_id"]
    app = page("customers", lang="en", customer=who)
    no_error(app)
    terms = Glossary(answer(published, glossary()), EN)
    names = ", ".join(terms.term(f"health_{name}").name for name in others)
    assert EN.say("health.purchase_alone", names=names) in unescape(html_of(app))
    table, of_one = re.findall(rf">{EN.say('health.component')}<.*?</table>", html_of(app))
    assert table.count("<tr>") == 1, "no component that nobody has"
    assert of_one.count(EN.say("health.says_nothing")) == len(others)
    kinds = [kind for kind in events.KINDS if kind != "orders"]
    missing = EN.say("events.not_of_shop", names=", ".join(events.name(kind, EN) for kind in kinds))
    assert missing in unescape(html_of(app)), "what the shop does not have is said"
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            "update marts.customers set health_score = null, health_band = null, health_score_change_28d = null, "
            "health_purchase = null, health_drivers_en = ''"
        )
    app = page("customers", lang="en", customer=who)
    no_error(app)
    assert EN.say("health.nobody") in [info.value for info in app.info]
    assert EN.say("health.not_known") in html_of(app)


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_story_of_a_customer_has_all_orders(published: Path, language: Language) -> None:
    who = answer(
        published,
        Question(
            "orders",
            "select customer_id from marts.orders where refunded_amount > 0 and customer_id is not null "
            "group by customer_id order by count(*) desc, customer_id limit 1",
        ),
    )[0]["customer_id"]
    app = page("customers", lang=language.code, customer=who)
    no_error(app)
    row = answer(published, Question("c", "select * from marts.customers where customer_id = ?", (who,)))[0]
    orders = answer(
        published, Question("o", "select * from marts.orders where customer_id = ? order by order_number desc", (who,))
    )
    said = html_of(app)
    assert f"{language.stage(row['lifecycle_stage'])}. Segment: {language.rfm_segment(row['rfm_segment'])}" in said
    assert language.money(row["net_revenue"], "EUR") in said
    assert language.say("customers.since", days=language.number(row["recency_days"])) in said
    for sentence in health.story(row, language):
        assert sentence in unescape(said)
    terms = Glossary(answer(published, glossary()), language)
    parts = [re.findall(r">([^<]*)</td>", line) for line in lines_of(said, language.say("health.says"))]
    assert [(part[0], part[1]) for part in parts] == [
        (terms.term(f"health_{name}").name, language.number(row[f"health_{name}"])) for name in HEALTH_COMPONENTS
    ]
    lines = re.findall(r"<tr>(<td.*?)</tr>", said.split('<table class="sk-table">')[-1])
    assert [re.findall(r">([^<]*)</td>", line)[1] for line in lines] == [order["order_id"] for order in orders]
    refunds = [re.findall(r">([^<]*)</td>", line)[6] for line in lines]
    assert refunds == [language.number(order["refunded_amount"], 2) for order in orders]
    assert len(lines) == row["orders"]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_story_of_a_customer_is_that_of_the_mart(published: Path, language: Language) -> None:
    who = answer(
        published,
        Question(
            "customer_events",
            "select customer_id from marts.customer_events group by customer_id "
            "order by count(distinct event_group) desc, count(*) desc, customer_id limit 1",
        ),
    )[0]["customer_id"]
    app = page("customers", lang=language.code, customer=who)
    no_error(app)
    rows = answer(
        published,
        Question(
            "customer_events",
            "select * from marts.customer_events where customer_id = ? "
            "order by event_date desc, occurred_at desc nulls last",
            (who,),
        ),
    )
    assert {row["event_group"] for row in rows} == set(events.KINDS)
    said = unescape(html_of(app))
    span = {"first": language.day(rows[-1]["event_date"]), "last": language.day(rows[0]["event_date"])}
    assert language.say("events.span", events=language.number(sum(row["events"] for row in rows)), **span) in said
    (table,) = [one for one in app.get("html") if language.say("events.what") in one.proto.body]
    listed = re.findall(r'<tr><td class="sk-date">([^<]*)</td>', table.proto.body)
    assert listed == [language.day(row["event_date"]) for row in rows[:15]], "newest first"
    assert language.say("common.more_rows", shown=15, rows=language.number(len(rows))) in texts_of(app)
    assert language.say("events.withheld") in texts_of(app), "what is held back is said"
    (chart,) = [json.loads(one.proto.spec) for one in app.get("plotly_chart") if "Warn" in one.proto.spec]
    days = {(row["event_group"], row["event_date"]) for row in rows}
    assert sum(len(trace["x"]) for trace in chart["data"]) == len(days), "a mark for each day of a lane"
    assert [*chart["layout"]["yaxis"]["categoryarray"]] == [events.name(kind, language) for kind in events.KINDS]


def test_a_build_without_events_still_shows_the_orders(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop table marts.customer_events")
    app = page("customers", lang="en", customer="K00171")
    no_error(app)
    assert EN.say("common.mart_missing", mart="customer_events") in [info.value for info in app.info]
    assert EN.say("events.orders") in [one.label for one in app.expander]
    assert EN.say("customers.number") in html_of(app)


def test_a_customer_nobody_knows_is_a_sentence(published: Path) -> None:
    app = page("customers", lang="en", customer="<b>' or 1=1")
    no_error(app)
    assert "This build has no customer “&lt;b&gt;&#x27; or 1=1” with a counted order." in html_of(app)
    app.text_input(key="chosen customer").set_value(" K00012 ").run()
    no_error(app)
    assert "K00012: " in html_of(app) and app.query_params == {"customer": "K00012"}
    app.text_input(key="chosen customer").set_value("").run()
    assert app.query_params == {}


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_economics_say_what_the_marts_say(published: Path, language: Language) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.build set settings = ?", ['{"margin_rate": 1.0}'])
    app = page("economics", lang=language.code, channel="paid_social", span="3")
    no_error(app)
    rows = answer(published, acquisition())
    month = max(row["cohort_month"] for row in rows if row["value_per_customer_12m"] is not None)
    now = {row["acquisition_channel"]: row for row in rows if row["cohort_month"] == month}
    for sentence in economics.sentences(now["paid_social"], language, "EUR"):
        assert sentence in unescape(html_of(app))
    assert language.say("economics.value_is_revenue") in texts_of(app)
    terms = Glossary(answer(published, glossary()), language)
    lines = lines_of(html_of(app), terms.term("cac").name)
    assert len(lines) == len(now)
    for line in lines:
        assert any(f'">{language.money(row["cac"], "EUR")}<' in line for row in now.values())
    months = [row for row in answer(published, subscriptions()) if row["is_complete"]]
    start, last = months[-3]["mrr_at_start"], months[-1]
    for kpi in contracts.CARDS:
        found = re.search(rf'data-kpi="{kpi}".*?sk-value">([^<]+)<', html_of(app))
        assert found and found[1] == language.value(last[kpi], terms.term(kpi).unit, "EUR"), kpi
    went = [row["amount"] for row in contracts.mrr_bridge(months[-3:], terms, language, "EUR").table.rows]
    assert (went[0], went[-1]) == (start, last["mrr_at_end"]) and sum(went[:-1]) == went[-1]
    for amount in went:
        assert f'<td class="sk-n">{language.money(amount, "EUR")}</td>' in html_of(app)
    assert list(contracts.sentences(months[-3:], language, "EUR"))[1] in unescape(html_of(app))
    cells = answer(published, subscriber_cohorts())
    youngest = max(row["cohort_start"] for row in cells)
    grid = html_of(app).split("sk-grid")[1]
    line = grid.split(f">{language.period('month', youngest)}<")[1].split("</tr>")[0]
    (first,) = (row for row in cells if row["cohort_start"] == youngest)
    assert f"<span>{language.number(first['cohort_subscribers'])}</span>" in line


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_feedback_says_what_the_marts_say(published: Path, language: Language) -> None:
    app = page("feedback", lang=language.code, grain="quarter")
    no_error(app)
    score = overview.complete(answer(published, nps("quarter")))[-1]
    said = feedback.nps_sentences([score], score["period_start"], language)
    for sentence in said:
        assert sentence in unescape(html_of(app))
    terms = Glossary(answer(published, glossary()), language)
    (line, *_) = lines_of(html_of(app), terms.term("nps_margin").name)
    figures = [score[kpi] for kpi in ("nps", "nps_margin", "responses", *feedback.PARTS, "answers")]
    assert re.findall(r'sk-n">([^<]+)<', line) == [language.number(figure) for figure in figures]
    months = [row for row in answer(published, support("month")) if row["is_complete"]]
    last = [row for row in months if row["period_start"] == months[-1]["period_start"]]
    together = next(row for row in last if row["channel"] == "all")
    for kpi in feedback.NEEDS:
        found = re.search(rf'data-kpi="{kpi}".*?sk-value">([^<]+)<', html_of(app))
        assert found and found[1] == language.value(together[kpi], terms.term(kpi).unit), kpi
    named = reasons_rows_of(published, "survey")
    for sentence in reasons.sentences(named, reasons.months(named)[0], language):
        assert sentence in unescape(html_of(app))
    mails = answer(published, emails_rows("month"))
    latest = overview.complete(mails)[-1]
    for sentence in emails.sentences(mails, latest["period_start"], language):
        assert sentence in unescape(html_of(app))
    for kpi in emails.CARDS:
        found = re.search(rf'data-kpi="{kpi}".*?sk-value">([^<]+)<', html_of(app))
        assert found and found[1] == language.value(latest[kpi], terms.term(kpi).unit), kpi
    chat = page("feedback", lang=language.code, channel="chat", source="subscription")
    no_error(chat)
    assert "frequent_contacts" not in re.findall(r'data-kpi="(\w+)"', html_of(chat))
    assert language.say("feedback.of_all_channels") in texts_of(chat)
    ended = reasons_rows_of(published, "subscription")
    assert next(reasons.sentences(ended, reasons.months(ended)[0], language)) in unescape(html_of(chat))
    (of_chat,) = (row for row in last if row["channel"] == "chat")
    assert f'"sk-value">{language.number(of_chat["tickets_opened"])}<' in html_of(chat)


def reasons_rows_of(published: Path, source: str) -> list[Any]:
    return reasons.of_source(answer(published, reasons_rows()), source)


def test_a_shop_that_does_not_track_opens_says_so(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        for kpi in emails.OF_OPENS:
            connection.execute(f"update marts.email_kpis set {kpi} = null")
    app = page("feedback", lang="en")
    no_error(app)
    assert EN.say("emails.not_tracked") in unescape(html_of(app))
    shown = re.findall(r'data-kpi="(\w+)"', html_of(app))
    assert "emails_sent" in shown and not set(shown) & set(emails.OF_OPENS)


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
@pytest.mark.parametrize("level", ["category", "product"])
def test_products_say_what_the_mart_says(published: Path, language: Language, level: str) -> None:
    app = page("products", lang=language.code, level=level)
    no_error(app)
    rows = answer(published, first_purchases(level))
    for sentence in products.sentences(rows, level, language):
        assert sentence in unescape(html_of(app))
    lines = lines_of(html_of(app), language.say(f"products.{level}"))
    assert len(lines) == len(rows)
    shown = {unescape(re.findall(r"<td>([^<]*)</td>", line)[0]): line for line in lines}
    for row in rows:
        line = shown[products.plain_name(row, language)]
        assert f">{language.percent(row['second_order_rate_90d'])}<" in line
        assert f">{language.money(row['later_revenue_per_customer_365d'], 'EUR')}<" in line


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_audit_says_what_the_mart_says(published: Path, language: Language) -> None:
    app = page("audit", lang=language.code)
    no_error(app)
    shown = unescape(html_of(app))
    rows = answer(published, retention_audit())
    assert len(rows) == 15
    for sentence in audit.sentences(rows, language):
        assert sentence in shown
    table = shown[shown.index(language.say("audit.full_score")) :]
    places = [table.index(row[f"question_{language.code}"]) for row in rows]
    assert places == sorted(places)
    for row in rows:
        for name in ("evidence", "first_step", "full_score"):
            assert row[f"{name}_{language.code}"] in table


def test_an_area_without_a_score_is_no_zero_on_the_radar() -> None:
    """Of two points the mean of the scored one; of an area without any nothing, and the line stays open there."""
    rows = [
        {"audit_point": 1, "area": "a", "area_en": "A", "audit_score": 4, "max_score": 5},
        {"audit_point": 2, "area": "a", "area_en": "A", "audit_score": 1, "max_score": 5},
        {"audit_point": 3, "area": "b", "area_en": "B", "audit_score": None, "max_score": 5},
        {"audit_point": 4, "area": "c", "area_en": "C", "audit_score": None, "max_score": 5},
        {"audit_point": 5, "area": "c", "area_en": "C", "audit_score": 3, "max_score": 5},
    ]
    chart = audit.radar(rows, EN)
    assert list(chart.figure.data[0].r) == [2.5, None, 3, 2.5]
    assert chart.figure.data[0].fill == "none"
    assert [row["scored"] for row in chart.table.rows] == [2, 0, 1]
    assert audit.total(rows, EN) == "3 of 5 points are scored: 8 of 15 possible."
    assert audit.not_scored(rows, EN) == "Not scored: points 3, 4. That is neither good nor bad."
    whole = audit.radar([row for row in rows if row["area"] != "b"], EN)
    assert whole.figure.data[0].fill == "toself"


def judged(**why: str) -> outlook.trust.Trusted:
    """Models with what the mart says of each; of the others nothing is predicted."""
    row = {"as_of_date": date(2025, 9, 30), "model_error": 0.1, "rival_error": 1234.6, "judged_customers": 900}
    unknown = dict.fromkeys(row)
    return outlook.trust.trusted(
        [
            {"model": model, "why": said, "is_used": said == "better", **(row if model in why else unknown)}
            for model in outlook.trust.MODELS
            for said in [why.get(model, "not_predicted")]
        ]
    )


def test_the_table_of_trust_has_the_figures_of_the_mart_and_nothing_where_none_was_judged() -> None:
    found = judged(bg_nbd="better", gamma_gamma="rival_better")
    assert [one.is_used for one in found.values()] == [True, False, False, False]
    first, second, third, _ = outlook.trust.table(found, EN).rows
    assert [first[name] for name in ("verdict", "as_of_date", "model_error", "rival_error", "judged_customers")] == [
        EN.say("outlook.better"), date(2025, 9, 30), "0.100", "1,235", 900,
    ]  # fmt: skip
    assert (second["verdict"], second["measure"]) == (
        EN.say("outlook.rival_better"), EN.say("outlook.error_gamma_gamma"),
    )  # fmt: skip
    assert [third[name] for name in ("as_of_date", "measure", "model_error", "judged_customers")] == [None] * 4


def test_a_refused_model_is_told_from_one_that_was_not_computed() -> None:
    plain = judged()
    assert list(outlook.trust.sentences(plain, None, EN)) == [EN.say("outlook.nothing_predicted")]
    refused = judged(bg_nbd="refused", gamma_gamma="refused", clv="refused")
    refusal = "bg_nbd: Fewer than 500 customers. gamma_gamma: Fewer than 500 customers."
    said = list(outlook.trust.sentences(refused, refusal, EN))
    assert said[0] == EN.say("outlook.none_used") and said[-1] == EN.say("outlook.refusal", refusal=refusal)


def test_a_build_of_an_older_version_uses_no_model() -> None:
    def ask(question: Question) -> list[dict[str, Any]]:
        raise MissingMartError(question.mart)

    found = outlook.trust.known_trust(ask)
    assert outlook.trust.is_nothing(found) and not any(one.is_used for one in found.values())
    assert [row["model_error"] for row in outlook.trust.table(found, EN).rows] == [None] * 4


def at_stage(stage: str, churn: float | None, **amounts: float | None) -> dict[str, Any]:
    return {
        "lifecycle_stage": stage, "customers": 10, "churn_probability": churn, "expected_orders_90d": 1.0,
        "predicted_clv_365d": 100.0, "net_revenue_365d": Decimal(80), "predicted_at_risk": None,
        "net_revenue_at_risk": None, **amounts,
    }  # fmt: skip


def test_value_at_risk_is_of_what_may_be_trusted() -> None:
    """Of two stages 30 + 60 of 200 as predicted, 24 + 48 of 160 of last year; lost customers have no probability."""
    rows = [
        at_stage("lost", None),
        at_stage("loyal", 0.3, predicted_at_risk=30.0, net_revenue_at_risk=24.0),
        at_stage("at_risk", 0.6, predicted_at_risk=60.0, net_revenue_at_risk=48.0),
    ]
    both = judged(clv="better", churn_logistic="better")
    first, *others = outlook.value_at_risk.sentences(rows, both, {"churn_horizon_days": 60}, EN, "EUR")
    assert first == "€90 of €200 is at risk, the most of it at the stage “At risk”: €60."
    assert "next 60 days" in others[0] and others[-1] == EN.say("outlook.lost_left_out")
    chart = outlook.value_at_risk.chart(rows, both, {}, EN, "EUR")
    assert [list(chart.figure.data[0].x), list(chart.figure.data[0].y)] == [[30, 60], ["Loyal", "At risk"]]
    assert [row["stage"] for row in chart.table.rows] == ["Loyal", "At risk", "Lost"], "the table has everybody"

    churn = judged(clv="no_difference", churn_logistic="better")
    first, *others = outlook.value_at_risk.sentences(rows, churn, {}, EN, "EUR")
    assert first == "€72 of €160 is at risk, the most of it at the stage “At risk”: €48."
    assert EN.say("outlook.last_year_instead") in others

    value = judged(clv="better", churn_logistic="rival_better")
    first, *others = outlook.value_at_risk.sentences(rows, value, {}, EN, "EUR")
    assert first == EN.say("outlook.without_rival_better", what="churn") and "at risk" not in " ".join(others)
    chart = outlook.value_at_risk.chart(rows, value, {}, EN, "EUR")
    assert list(chart.figure.data[0].x) == [100, 100, 100]
    assert "churn_probability" not in [column.key for column in chart.table.columns]

    first, *others = outlook.value_at_risk.sentences(rows[:1], both, {}, EN, "EUR")
    assert (first, others) == (EN.say("outlook.value_alone"), []), "where all are lost nobody has a probability"


def test_calibration_is_that_of_the_latest_day_in_the_order_of_its_tenths() -> None:
    def tenth(number: int, day: date, expected: float, actual: float) -> dict[str, Any]:
        return {
            "model": "bg_nbd", "as_of_date": day, "measure": "calibration", "bucket": str(number),
            "expected": expected, "actual": actual, "rival": 0.2, "customers": 100,
        }  # fmt: skip

    before, last = date(2025, 6, 30), date(2025, 9, 30)
    rows = [tenth(10, last, 0.9, 0.7), tenth(2, last, 0.1, 0.1), tenth(1, before, 0.5, 0.5)]
    shown = outlook.calibration.tenths(rows, "bg_nbd")
    assert [row["bucket"] for row in shown] == ["2", "10"] and outlook.calibration.tenths(rows, "churn_logistic") == []
    assert outlook.calibration.sentence(shown, "bg_nbd", EN) == (
        "An order: as of 30 September 2025, 50.0% of 200 customers were expected to order on average, and 40.0% did."
    )
    chart = outlook.calibration.chart(shown, "bg_nbd", EN)
    assert [list(chart.figure.data[1].x), list(chart.figure.data[1].y)] == [[0.1, 0.9], [0.1, 0.7]]


def test_a_lever_without_a_gain_has_its_reason_and_no_dot() -> None:
    known = {
        "lever": "average_order_value", "gain_365d": 90.0, "gain_365d_low": 28.0, "gain_365d_high": 152.0,
        "has_enough": True, "missing_because": None, "level_observed": 90.0, "predicted_gain_365d": None,
        "not_predicted_because": None,
    }  # fmt: skip
    young = {
        **dict.fromkeys(known), "lever": "retention_rate", "has_enough": False,
        "missing_because": "not_observed_long_enough",
    }  # fmt: skip
    said = list(outlook.what_if.sentences([young, known], EN, "EUR"))
    assert said[0] == "What brings most: One percent more per order, some €90 at most."
    assert "One percentage point more of retention: the shop is too young for it." in said
    chart = outlook.what_if.chart([young, known], EN, "EUR")
    assert list(chart.figure.data[0].x) == [90.0] and len(chart.table.rows) == 2


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_outlook_says_what_the_marts_say(published: Path, language: Language) -> None:
    predict(published)
    app = page("outlook", lang=language.code)
    no_error(app)
    shown = unescape(html_of(app))
    (sums,) = answer(
        published,
        Question(
            "c",
            """
            select sum(repeat_orders) as x, sum(50 * repeat_orders) as value, sum(repeat_orders) / 4 as quarter,
                sum(case when lifecycle_stage <> 'lost'
                    then 50 * repeat_orders * (0.5 + 0.4 / (1 + repeat_orders)) end) as at_risk
            from marts.customer_predictions inner join marts.customers using (customer_id)
            """,
        ),
    )
    for kpi, value in (("expected_orders_90d", "quarter"), ("expected_orders_365d", "x")):
        card = shown[shown.index(f'data-kpi="{kpi}"') :].split("sk-value")[1]
        assert card.startswith(f'">{language.number(sums[value])}<')
    assert language.say("outlook.expected_value", value=language.money(sums["value"], "EUR", 0)) in shown
    assert f"{language.money(sums['at_risk'], 'EUR', 0)} " in shown
    stages = {row["lifecycle_stage"]: row for row in answer(published, value_at_risk())}
    for stage, row in stages.items():
        (line,) = [one for one in lines_of(shown, language.say("outlook.stage")) if f">{language.stage(stage)}<" in one]
        assert f">{language.money(row['predicted_clv_365d'], 'EUR')}<" in line
    assert language.say("outlook.used", used=4, models=4, names=", ".join(
        language.say(f"outlook.of_{model}") for model in outlook.trust.MODELS
    )) in shown  # fmt: skip
    assert len(app.get("plotly_chart")) == 4


def test_where_no_model_is_better_figures_of_the_past_stand_in_its_place(published: Path) -> None:
    predict(published, gain=-0.2)
    app = page("outlook", lang="en")
    no_error(app)
    shown = unescape(html_of(app))
    assert EN.say("outlook.none_used") in shown and "data-kpi" not in shown
    assert EN.say("outlook.without_rival_better", what="orders") in shown
    (last_year,) = answer(
        published,
        Question(
            "orders",
            """
            select count(distinct (orders.customer_id, order_date)) as days, sum(net_amount) as revenue
            from marts.orders inner join marts.customers using (customer_id)
            where order_date > first_order_date and order_date > (select as_of_date from marts.build) - 365
            """,
        ),
    )
    assert EN.say("outlook.last_year_orders", orders=EN.number(last_year["days"])) in shown
    assert EN.say("outlook.last_year_revenue", revenue=EN.money(last_year["revenue"], "EUR", 0)) in shown
    assert f">{EN.say('outlook.value_at_risk')}<" not in shown


def test_a_build_without_predictions_says_so(published: Path) -> None:
    app = page("outlook", lang="de")
    no_error(app)
    assert html_of(app).count(DE.say("outlook.nothing_predicted")) == 2
    assert DE.say("outlook.no_forecast") in html_of(app)
    assert "data-kpi" not in html_of(app)


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_customers_are_listed_with_what_is_predicted_of_them(published: Path, language: Language) -> None:
    predict(published)
    (one,) = answer(
        published,
        Question(
            "c",
            """
            select customer_id, repeat_orders, churn_probability, predicted_clv_365d
            from marts.customer_predictions inner join marts.customers using (customer_id)
            where lifecycle_stage = 'at_risk' order by net_revenue desc, customer_id limit 1
            """,
        ),
    )
    app = page("customers", lang=language.code, customer=one["customer_id"])
    no_error(app)
    shown = unescape(html_of(app))
    line = next(line for line in lines_of(shown, language.say("outlook.alive")) if f">{one['customer_id']}<" in line)
    assert f">{language.percent(one['churn_probability'])}<" in line
    assert f">{language.number(one['repeat_orders'] / 4, 2)}<" in line
    assert ">no order for long<" in line if language is EN else ">lange keine Bestellung<" in line
    order = language.say(
        "outlook.one_order", days="90", order=language.percent(1 - one["churn_probability"], 0),
        none=language.percent(one["churn_probability"], 0),
    )  # fmt: skip
    assert order in shown
    assert language.say("outlook.one_value", value=language.money(one["predicted_clv_365d"], "EUR", 0)) in shown
    assert language.say("outlook.one_two_models") in shown


def test_the_list_begins_with_who_will_hardly_order(published: Path) -> None:
    """Of equal probabilities the greater revenue first. Without a model that is used, nothing is ordered by it."""
    predict(published)
    app = page("customers", lang="en", stage="all", order="by_churn")
    no_error(app)
    wanted = answer(
        published,
        Question(
            "c",
            """
            select customers.customer_id
            from marts.customers as customers
            inner join marts.customer_predictions as predictions
                on customers.customer_id = predictions.customer_id
            where customers.lifecycle_stage <> 'lost'
            order by predictions.churn_probability desc, customers.net_revenue desc, customers.customer_id
            limit 15
            """,
        ),
    )
    listed = re.findall(r"<tr><td>([^<]*)</td>", html_of(app).split("</table>")[0])
    assert listed == [row["customer_id"] for row in wanted]
    assert EN.say("customers.by_churn") in choices_of(app)
    predict(published, gain=0)
    app = page("customers", lang="en", order="by_churn")
    no_error(app)
    assert EN.say("customers.by_churn") not in choices_of(app)


def choices_of(app: Any) -> list[str]:
    return [option for group in app.get("button_group") for option in group.options]


def test_who_ordered_once_has_no_probability_to_be_still_there(published: Path) -> None:
    predict(published)
    (once,) = answer(
        published,
        Question("c", "select customer_id from marts.customer_predictions where repeat_orders = 0 limit 1"),
    )
    shown = html_of(page("customers", lang="en", customer=once["customer_id"]))
    assert EN.say("outlook.one_once") in shown and "Still a customer, that is" not in shown


def test_a_list_has_no_column_of_a_model_that_is_no_better(published: Path) -> None:
    predict(published, gain=0)
    app = page("customers", lang="en", customer=answer(published, at_risk_customers("by_value", 1))[0]["customer_id"])
    no_error(app)
    assert EN.say("outlook.alive") not in html_of(app)
    assert EN.say("outlook.without_no_difference", what="churn") in texts_of(app)
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop table marts.customer_predictions; drop table marts.prediction_trust")
    app = page("customers", lang="en")
    no_error(app)
    assert EN.say("outlook.without_no_difference", what="churn") not in texts_of(app)


# Actions


def of_playbook(published: Path) -> tuple[list[Any], list[Any], date]:
    """Outcomes by rule with their verdicts, the months of the programme, and the build's day."""
    outcomes, sure = answer(published, playbook_outcomes()), answer(published, playbook_evidence())
    today = answer(published, build())[0]["as_of_date"]
    return actions.of_rules(outcomes, sure), answer(published, playbook_programme()), today


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_actions_say_what_the_marts_say(published: Path, language: Language) -> None:
    app = page("actions", lang=language.code)
    no_error(app)
    shown = unescape(html_of(app))
    rules, months, today = of_playbook(published)
    (counted,) = answer(
        published,
        Question(
            "retention_actions",
            """
            select
                sum(case when arm = 'treatment' and not in_other_experiment then 1 else 0 end) as contacts,
                sum(case when arm = 'control' and not in_other_experiment then 1 else 0 end) as controls,
                sum(case when in_other_experiment then 1 else 0 end) as wait
            from marts.retention_actions where is_selected
            """,
        ),
    )
    for number in counted.values():
        assert number > 1 and re.search(rf"[> ]{re.escape(language.number(number))} ", shown)
    for sentence in (
        *actions.sentences_of_today(answer(published, actions_by_rule()), language),
        *actions.sentences_of_outcomes(rules, language),
        *actions.sentences_of_programme(months, language, "EUR"),
        *actions.sentences_of_patience(actions.patience(rules, actions.first_month(months), today), language),
    ):
        assert sentence in shown
    listed = lines_of(html_of(app), language.say("actions.reason"))
    first = answer(published, actions_of_today("all", "all", 15))
    assert [re.findall(r">([^<]*)</td>", line)[0] for line in listed] == [row["customer_id"] for row in first]
    assert all(row[f"reason_{language.code}"] in unescape(line) for row, line in zip(first, listed, strict=True))
    more = language.say("common.more_rows", shown=15, rows=language.number(counted["contacts"]))
    assert more in texts_of(app)
    assert [chart.proto.alt for chart in app.get("plotly_chart")] == [
        actions.effects(rules, Glossary(answer(published, glossary()), language), language).alt,
        actions.programme(months, Glossary(answer(published, glossary()), language), language, "EUR").alt,
    ]


def test_the_list_holds_whom_the_owner_is_to_contact_by_the_rule(published: Path) -> None:
    app = page("actions", lang="en", owner="customer success", rule="at_risk_high_value")
    no_error(app)
    expected = answer(
        published,
        Question(
            "retention_actions",
            """
            select customer_id from marts.retention_actions
            where
                rule_id = 'at_risk_high_value' and is_selected and arm = 'treatment' and not in_other_experiment
            order by customer_id
            """,
        ),
    )
    assert len(expected) > 5
    listed = lines_of(html_of(app), EN.say("actions.reason"))
    found = [re.findall(r">([^<]*)</td>", line)[0] for line in listed]
    assert found == [row["customer_id"] for row in expected][:15]
    nobody = page("actions", lang="en", owner="billing", rule="at_risk_high_value")
    no_error(nobody)
    assert EN.say("actions.nobody_so") in [info.value for info in nobody.info]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_a_shop_without_actions_is_told_so(published: Path, language: Language) -> None:
    with duckdb.connect(str(published)) as connection:
        for mart in ("retention_actions", "playbook_outcomes", "playbook_evidence", "playbook_programme"):
            connection.execute(f"delete from marts.{mart}")
    app = page("actions", lang=language.code)
    no_error(app)
    assert {language.say("actions.no_outcomes"), language.say("actions.no_patience")} <= {one.value for one in app.info}
    assert language.say("actions.nobody") in html_of(app) and language.say("actions.no_programme") in html_of(app)
    assert not app.get("plotly_chart") and "<table" not in html_of(app)


def outcome(rule_id: str, **figures: Any) -> dict[str, Any]:
    known = {
        "rule_id": rule_id, "variant": "all", "treated": 400, "control": 100, "treated_successes": 80,
        "control_successes": 15, "treated_rate": 0.2, "control_rate": 0.15, "uplift": 0.05, "uplift_low": -0.04,
        "uplift_high": 0.12, "is_conclusive": False, "has_enough": True, "value_won": 100.0, "waiting": 3,
    }  # fmt: skip
    return {**known, **figures}


def surety(rule_id: str, **figures: Any) -> dict[str, Any]:
    known = {
        "rule_id": rule_id, "always_valid_low": -0.1, "always_valid_high": 0.2, "is_discovery": False,
        "split_is_broken": False, "contacts_differ": None, "asked_control_share": 0.2,
    }  # fmt: skip
    return {**known, **figures}


def test_the_verdict_of_a_rule_says_what_its_figures_bear() -> None:
    """A lucky look is no effect; arms that are not alike go before what they show; without controls there is none."""
    cases = (
        (outcome("works"), surety("works", is_discovery=True), "works"),
        (outcome("harms", uplift=-0.05), surety("harms", is_discovery=True), "harms"),
        (outcome("lucky", is_conclusive=True), surety("lucky"), "unclear"),
        (outcome("few", has_enough=False), surety("few"), "few"),
        (outcome("sure", has_enough=False), surety("sure", is_discovery=True), "works"),
        (outcome("broken"), surety("broken", split_is_broken=True, contacts_differ=True, is_discovery=True), "broken"),
        (outcome("mixed"), surety("mixed", contacts_differ=True, is_discovery=True), "contacts"),
        (outcome("alone", control=0, uplift=None), surety("alone", split_is_broken=True), "alone"),
    )
    rules = actions.of_rules([one for one, _, _ in cases], [one for _, one, _ in cases])
    assert {row["rule_id"]: row["verdict"] for row in rules} == {row["rule_id"]: said for row, _, said in cases}
    first, *others = actions.sentences_of_outcomes(rules, EN)
    assert first == "Of 8 rules with actions 3 have shown an effect."
    interval = "+5.0\xa0pp, interval −10.0\xa0pp to +20.0\xa0pp"  # noqa: RUF001
    assert (
        others[0] == f"sure ({interval}); works ({interval}): works, also for who looks every day and has many rules."
    )
    assert others[-1] == "24 actions still wait for their window to end; they are in no other figure."
    assert [actions.colour(row) for row in rules if row["verdict"] == "harms"] == [ORANGE]


def test_both_intervals_of_a_rule_are_drawn_and_an_empty_arm_is_not() -> None:
    rules = actions.of_rules([outcome("a"), outcome("b", control=0, uplift=None)], [surety("a"), surety("b")])
    wide, narrow, dot = actions.effects(rules, TERMS["en"], EN).figure.data
    assert list(wide.x) == [-0.1, 0.2, None] and list(narrow.x) == [-0.04, 0.12, None]
    assert list(dot.x) == [0.05] and wide.line.width < narrow.line.width


def test_months_of_the_programme_add_up_with_the_width_of_all_their_intervals() -> None:
    def month_of(start: date, difference: float, half: float, **figures: Any) -> dict[str, Any]:
        known = {
            "month_start": start, "is_complete": True, "programme_customers": 100, "control_customers": 10,
            "revenue_difference": difference, "revenue_difference_low": difference - half,
            "revenue_difference_high": difference + half, "programme_value": 100 * difference,
            "value_won_by_rules": None,
        }  # fmt: skip
        return {**known, **figures}

    rows = [
        month_of(date(2025, 1, 1), 2.0, 1.0, value_won_by_rules=50.0),
        month_of(date(2025, 2, 1), -1.0, 3.0),
        month_of(date(2025, 3, 1), 9.0, 1.0, is_complete=False),
        {**month_of(date(2024, 12, 1), 5.0, 0.0), "revenue_difference_low": None},
    ]
    assert actions.worth(rows) == actions.Worth(2, 100.0, -300.0, 500.0, 50.0)
    said = list(actions.sentences_of_programme(rows, EN, "EUR"))
    assert said[0].startswith("2 complete months together: €100 ") and EN.say("actions.programme_unsure") in said
    assert list(actions.sentences_of_programme(rows[:1], EN, "EUR"))[1] == EN.say("actions.programme_sure")
    assert list(actions.sentences_of_programme(rows[3:], EN, "EUR")) == [EN.say("actions.no_programme")]


def test_how_many_it_takes_is_that_of_the_tables() -> None:
    """10 % against 15 %, power 0.8: 686 in each arm of equal size. With a fifth left alone fewer controls and more in
    all; and so many do see it in four of five cases."""
    assert actions.needed(0.10, 0.05, 0.5) == (686, 686)
    treated, controls = actions.needed(0.10, 0.05, 0.2) or (0, 0)
    assert controls < 686 < treated and treated == pytest.approx(4 * controls, abs=4)
    spread = (0.15 * 0.85 / treated + 0.10 * 0.90 / controls) ** 0.5
    pooled = (treated * 0.15 + controls * 0.10) / (treated + controls)
    limit = 1.959964 * (pooled * (1 - pooled) * (1 / treated + 1 / controls)) ** 0.5
    assert 1 - NormalDist(0.05, spread).cdf(limit) == pytest.approx(0.8, abs=0.001)
    assert actions.needed(0.95, 0.1, 0.2) is None and actions.needed(0.1, 0.05, 0.0) is None


@pytest.mark.parametrize(("page_of", "mark"), [("playbook-for-managers", ","), ("playbook-fuer-manager", ".")])
def test_the_managers_page_says_how_many_it_takes(page_of: str, mark: str) -> None:
    text = (PROJECT / "docs" / f"{page_of}.md").read_text(encoding="utf-8")
    for base in (0.05, 0.1, 0.2, 0.3):
        sizes = [actions.needed(base, difference, 0.2) or (0, 0) for difference in actions.DIFFERENCES]
        cells = " | ".join(f"{controls:,} ({treated:,})".replace(",", mark) for treated, controls in sizes)
        assert f"| {base:.0%} | {cells} |".replace("%", " %") in text


def test_how_long_it_takes_is_told_by_the_arm_that_lags() -> None:
    """Of 15 in 100 controls 16 in 102 are counted. 100 controls came in ten months, so those that lack take a tenth of
    their number in months."""
    rules = actions.of_rules([outcome("a"), outcome("b", control=0, uplift=None)], [surety("a"), surety("b")])
    (row,) = actions.patience(rules, date(2025, 1, 1), date(2025, 11, 1))
    assert row["base_rate"] == 16 / 102
    size = actions.needed(16 / 102, 0.1, 0.2)
    assert size is not None and row["needed_0.1"] == size[1]
    months = (date(2025, 11, 1) - date(2025, 1, 1)).days / (365.25 / 12)
    assert row["months_left"] == -(-(size[1] - 100) * months // 100)
    assert actions.patience(rules, None, date(2025, 11, 1))[0]["months_left"] is None


SIGNAL_PAGES = {
    "economics": ["marketing_spend", "subscriptions"],
    "feedback": ["nps", "csat", "churn_reason", "email_sent"],
    "products": ["order_lines"],
}


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
@pytest.mark.parametrize("name", SIGNAL_PAGES)
def test_a_shop_with_orders_alone_is_told_what_is_missing(published: Path, name: str, language: Language) -> None:
    """As its marts are then: no row of any signal, and what customers bring without what they cost."""
    with duckdb.connect(str(published)) as connection:
        for mart in (
            "signal_coverage", "nps", "support_kpis", "subscription_kpis", "subscription_cohorts",
            "first_product_retention", "churn_reasons", "email_kpis", "signal_effects",
        ):  # fmt: skip
            connection.execute(f"delete from marts.{mart}")
        connection.execute(
            "update marts.acquisition_economics "
            "set spend = null, retention_spend = null, cac = null, ltv_to_cac = null, payback_months = null"
        )
    app = page(name, lang=language.code)
    no_error(app)
    for signal in SIGNAL_PAGES[name]:
        assert re.search(rf"[„“]{signal}[“”]", unescape(texts_of(app))), signal
    drawn = len(app.get("plotly_chart"))
    assert drawn == (2 if name == "economics" else 0), "no empty chart"
    assert language.say("signals.basis") not in [element.value for element in app.subheader]


def test_a_shop_without_one_type_of_activity_shows_the_others(published: Path) -> None:
    with duckdb.connect(str(published)) as connection:
        connection.execute("delete from marts.signal_coverage where signal in ('csat', 'ticket_first_reply')")
    app = page("feedback", lang="en", measure="csat_score")
    no_error(app)
    shown = set(re.findall(r'data-kpi="(\w+)"', html_of(app)))
    assert {"tickets_opened", "complaints", "median_solved_minutes"} <= shown
    assert not shown & {"csat_score", "average_csat", "median_first_reply_minutes", "tickets_without_reply"}
    assert "“csat”" in unescape(html_of(app)) and "“ticket_first_reply”" in unescape(html_of(app))


CHECKED = [
    ("raw", "new_values", "warn", "warned", "12 %", "at most 3 %", "Values are <b>known</b> ones"),
    ("drift", "mart_rows_kept", "fail", "accepted", "80 %", "at least 85 %", "No mart has lost rows"),
    ("staging", "orders_counted", "fail", "passed", "4,730", "at least 1", "There are orders that count"),
]


def with_a_refresh(published: Path) -> None:
    """As if a refresh had built it: checked, compared, and with a build before that was held back."""
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            """
            update marts.build
            set build_number = 7, checks = 3, warnings = 1, failures = 1, baseline_build_id = 'b5', shop = 'toys',
                accepted_reason = 'Mended by hand', settings = ?
            """,
            [SETTINGS],
        )
        for row in CHECKED:
            connection.execute(
                """
                insert into marts.check_results
                    (suite, check_name, severity, outcome, observed, expected, explanation, rows_judged, build_id)
                values (?, ?, ?, ?, ?, ?, ?, 1, 'b7')
                """,
                row,
            )
        connection.execute(
            """
            insert into marts.restatements
            select 'month', date '2025-11-01', 120, 123, 6000, 6100.5, 100.5, 0.01675, 2, 1, 0, 0, 0, 0, 'H1,H2'
            """
        )
        connection.execute(
            """
            insert into marts.builds (build_id, build_number, built_at, outcome, reason, is_this_build)
            values ('b6', 6, timestamp '2026-01-17 05:00:00', 'blocked', 'Too few <i>rows</i>', false)
            """
        )
        connection.execute("update marts.builds set build_number = 7 where is_this_build")


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_the_quality_page_says_what_the_marts_say(published: Path, language: Language) -> None:
    with_a_refresh(published)
    app = page("quality", lang=language.code)
    no_error(app)
    shown = html_of(app)
    build_row = answer(published, Question("build", "select * from marts.build"))[0]
    for column in ("raw_order_rows", "orders", "customers"):
        assert language.number(build_row[column]) in shown
    assert language.say("quality.accepted", reason="Mended by hand") in shown
    assert f"<td>{language.say('quality.unattributed_orders')}</td><td>{build_row['unattributed_orders']}</td>" in shown
    assert '<td>at_risk_after_days</td><td class="sk-prose">180</td>' in shown
    checks = [re.findall(r"<td>([^<]*)</td>", line)[0] for line in lines_of(shown, language.say("quality.name"))]
    assert checks == [language.name("check", outcome) for outcome in ("accepted", "warned")]
    assert "Values are &lt;b&gt;known&lt;/b&gt; ones" in shown and "<b>known" not in shown
    for row in answer(published, Question("r", "select * from marts.row_accounting")):
        line = f"<td>{language.name('entity', row['entity'])}</td><td>{language.name('outcome', row['outcome'])}</td>"
        line += f'<td class="sk-prose">{language.name("reason", row["reason"])}</td>'
        assert f'{line}<td class="sk-n">{language.number(row["rows"])}</td>' in shown
    assert language.period("month", date(2025, 11, 1)) in shown
    assert quality.why(answer(published, restatements())[0], language) in shown
    assert language.money(Decimal("6100.5"), "EUR") in shown
    builds = [re.findall(r"<td[^>]*>([^<]*)</td>", line) for line in lines_of(shown, language.say("quality.failures"))]
    assert [line[0] for line in builds] == ["7", "6"]
    assert builds[1][2:4] == [language.name("build", "blocked"), "Too few &lt;i&gt;rows&lt;/i&gt;"]


@pytest.mark.parametrize("language", [DE, EN], ids=["de", "en"])
def test_rows_are_shown_by_source_where_there_are_several(published: Path, language: Language) -> None:
    app = page("quality", lang=language.code)
    no_error(app)
    assert language.say("quality.by_source_note") not in texts_of(app)
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            """
            insert into marts.source_accounting (source, entity, outcome, reason, rows) values
                ('<b>desk', 'activities', 'counted', 'none', 1200), ('<b>desk', 'activities', 'left_out', 'deleted', 7),
                ('<b>desk', 'activities', 'quarantined', 'invalid_value', 3),
                ('<b>desk', 'activities', 'quarantined', 'damaged_id', 2)
            """
        )
    app = page("quality", lang=language.code)
    no_error(app)
    assert language.say("quality.by_source_note") in texts_of(app)
    source = language.say("quality.source")
    (line,) = [line for line in lines_of(html_of(app), source) if "desk" in line]
    numbers = [language.number(rows) for rows in (1212, 1200, 0, 0, 5, 7)]
    assert re.findall(r"<td[^>]*>(.*?)</td>", line) == [
        "&lt;b&gt;desk",
        language.name("entity", "activities"),
        *numbers,
    ]
    own = [line for line in lines_of(html_of(app), source) if language.name("source", "raw_folder") in line]
    entities = answer(published, Question("r", "select distinct entity from marts.row_accounting"))
    assert len(own) == len(entities) > 5


def lines_of(shown: str, head: str) -> list[str]:
    """The rows of the first table with a column of this name."""
    tables = re.findall(r'<table class="sk-table"><thead>(.*?)</thead><tbody>(.*?)</tbody>', shown)
    body = next(body for heads, body in tables if f">{head}<" in heads)
    return re.findall(r"<tr>(.*?)</tr>", body)


def test_a_build_that_nobody_checked_says_so(published: Path) -> None:
    app = page("quality", lang="en", entity="subscriptions", grain="year")
    no_error(app)
    for said in ("unchecked", "compared_with_nothing", "no_settings", "all_counted"):
        assert EN.say(f"quality.{said}") in texts_of(app)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "address",
    [
        {"grain": "year", "by": "country"},
        {"grain": "quarter", "dimension": "country", "value": "DE", "colours": "beyond_chance"},
        {"grain": "week", "reading": "net_revenue", "columns": "by_calendar"},
        {"grain": "nonsense", "period": "1999-01-01", "reading": "password", "value": "<b>", "lang": "fr"},
    ],
    ids=lambda address: address["grain"],
)
def test_every_address_gives_a_page(published: Path, name: str, address: dict[str, str]) -> None:
    no_error(page(name, **address))


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_shop_gives_sentences(published: Path, name: str) -> None:
    with duckdb.connect(str(published)) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        for (table,) in tables:
            if table not in ("build", "kpi_glossary"):
                connection.execute(f"delete from marts.{table}")
        connection.execute("update marts.build set as_of_date = null, shop = '<b>**[a](b)**'")
    app = page(name)
    no_error(app)
    assert EN.say("common.mart_empty") in [info.value for info in app.info]
    assert "Shop &lt;b&gt;**[a](b)**" in html_of(app), "the name of a shop is no text in a markup"
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("name", PAGES)
def test_a_build_of_an_earlier_version_gives_sentences(published: Path, name: str) -> None:
    with duckdb.connect(str(published)) as connection:
        for table in (
            "running_period",
            "customer_concentration",
            "cohort_windows",
            "repurchase_curve",
            "lifecycle_transitions",
            "orders",
            "row_accounting",
            "source_accounting",
            "acquisition_economics",
            "subscription_kpis",
            "nps",
            "support_kpis",
            "first_product_retention",
            "signal_coverage",
            "lifecycle_kpis",
            "value_ladder",
            "referral_kpis",
            "loyalty_kpis",
            "email_kpis",
            "churn_reasons",
            "customer_predictions",
            "what_if",
            "playbook_programme",
            "retention_actions",
            "retention_audit",
        ):
            connection.execute(f"drop table marts.{table}")
    app = page(name)
    no_error(app)
    assert any("marts" in info.value or "refresh brings it" in info.value for info in app.info)


def test_without_a_published_file_the_page_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(tmp_path / "none.duckdb"))
    app = page("overview")
    no_error(app)
    assert [info.value for info in app.info] == [EN.say("common.nothing_published")]


def test_what_is_published_meanwhile_shows_on_the_next_view(published: Path, tmp_path: Path) -> None:
    app = page("overview", lang="en")
    newer = tmp_path / "newer.duckdb"
    shutil.copy(published, newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("update marts.retention_kpis set customers_at_end = 4242")
    newer.replace(published)
    app.run()
    no_error(app)
    assert '"sk-value">4,242<' in html_of(app)


def test_a_choice_stands_in_the_address(published: Path) -> None:
    app = page("overview")
    app.selectbox(key="chosen kpi").select("average_order_value").run()
    no_error(app)
    assert app.query_params == {"kpi": "average_order_value"}
    app.selectbox(key="chosen kpi").select("customer_retention_rate").run()
    assert app.query_params == {}, "what is usual needs no word in the address"


def test_a_port_that_somebody_has_is_one_sentence(published: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "cli", "dashboard", "--port", str(taken.getsockname()[1])]
        finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 1
    assert "--port or STAMMKUNDE_DASHBOARD_PORT" in finished.stderr and "Traceback" not in finished.stderr


@pytest.mark.parametrize("name", PAGES)
def test_a_publish_while_a_page_is_made_gives_the_new_page(
    published: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two questions of the page another build is published: no page is half of one and half of the other."""
    from dashboard import view

    asked = []

    def and_publish(file: Path, question: Question) -> list[dict[str, Any]]:
        asked.append(question)
        # The audit asks three questions in all, the other pages more than four.
        if len(asked) == (2 if name == "audit" else 4):
            newer = file.with_name("newer.duckdb")
            shutil.copy(file, newer)
            with duckdb.connect(str(newer)) as connection:
                connection.execute("update marts.build set shop = 'republished'")
            newer.replace(file)
        return answer(file, question)

    app = page(name, lang="en")
    view.rows_of.clear()
    monkeypatch.setattr(view, "answer", and_publish)
    app.run()
    no_error(app)
    assert "Shop republished" in html_of(app)
    assert asked.count(build()) == 2, "once of each build"


@pytest.fixture(autouse=True)
def plain_streamlit() -> Iterator[None]:
    """Streamlit's caches are those of one test."""
    yield
    import streamlit as st

    st.cache_data.clear()
