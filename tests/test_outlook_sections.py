"""Sections of page Outlook: what the shop will sell, and what a point brings. Known rows, known sentences."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest

from reports.language import Language
from reports.outlook import sales, what_if

DE, EN = Language("de"), Language("en")
MEASURES = ("orders", "revenue")


def said_in(language: Language, section: ModuleType, rows: list[dict[str, Any]]) -> list[str]:
    """The sentences, with plain spaces and signs."""
    told = section.sentences(rows, language, "EUR")
    return [sentence.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-") for sentence in told]


def forecast(
    grain: str, start: date, group: str, expected: float, last_year: float | None, **given: Any
) -> dict[str, Any]:
    """Orders as given and revenue ten times that; a fifth less to a quarter more. It was 10 % off, last year's 30 %."""
    row: dict[str, Any] = {
        "period_grain": grain, "period_start": start, "customer_group": group, "past_forecasts": 12, "has_season": True,
    }  # fmt: skip
    for measure, unit in zip(MEASURES, (1, 10), strict=True):
        row |= {
            f"expected_{measure}": expected * unit,
            f"expected_{measure}_low": expected * unit * 0.8,
            f"expected_{measure}_high": expected * unit * 1.25,
            f"{measure}_last_year": None if last_year is None else last_year * unit,
            f"expected_{measure}_error": 0.1,
            f"{measure}_last_year_error": 0.3,
            f"expected_{measure}_held": 0.75,
        }
    return row | given


def shop(**all_year: Any) -> list[dict[str, Any]]:
    """Three months, the quarter of them, and the year; `all_year` changes the row of the year of all customers."""
    start, rows = date(2026, 1, 1), []
    for group, part in (("existing", 0.6), ("new", 0.4), ("all", 1.0)):
        rows += [forecast("month", date(2026, month, 1), group, 100 * part, 80 * part) for month in (1, 2, 3)]
        rows.append(forecast("quarter", start, group, 300 * part, 240 * part))
        changes = all_year if group == "all" else {}
        rows.append(forecast("twelve_months", start, group, 1200 * part, 1000 * part, **changes))
    return rows


def changed(rows: list[dict[str, Any]], grain: str, group: str, **given: Any) -> list[dict[str, Any]]:
    return [row | given if (row["period_grain"], row["customer_group"]) == (grain, group) else row for row in rows]


def test_the_quarter_and_the_year_are_told_with_their_ranges_and_how_far_off_they_were() -> None:
    assert said_in(EN, sales, shop()) == [
        "Q1 2026: some 300 orders (with 80% between 240 and 375), 240 the year before.",
        "Q1 2026: some €3,000 of net revenue (with 80% between €2,400 and €3,750), €2,400 the year before.",
        "Twelve months from January 2026: some 1,200 orders (with 80% between 960 and 1,500), 1,000 the year before.",
        "Twelve months from January 2026: some €12,000 of net revenue (with 80% between €9,600 and €15,000), €10,000 "
        "the year before.",
        "Twelve months ahead, as of 12 past month ends, the forecast was off by 10% of the orders on average, last "
        "year's figure by 30%; of revenue by 10% and 30%.",
        "Its range held the orders in 75% of these cases, those of today's customers alone in 75%; 80% would be right. "
        "The cases overlap.",
    ]
    told = said_in(DE, sales, shop())
    assert told[0] == "Q1 2026: rund 300 Bestellungen (mit 80 % zwischen 240 und 375), im Vorjahr 240."
    assert told[3] == (
        "Zwölf Monate ab Januar 2026: rund 12.000 € Nettoumsatz (mit 80 % zwischen 9.600 € und 15.000 €), im Vorjahr "
        "10.000 €."
    )
    assert len(told) == 6


def test_where_last_years_figure_was_nearer_it_stands_in_the_place_of_the_forecast() -> None:
    rows = changed(shop(), "quarter", "all", expected_orders_error=0.4)
    first, second, *_ = said_in(EN, sales, rows)
    assert first == (
        "Q1 2026: 240 orders the year before. The forecast is not shown to have been nearer, so last year's figure "
        "stands here."
    )
    assert second.startswith("Q1 2026: some €3,000 of net revenue")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (EN, "Orders of new customers, Q1 2026: last year's figure was nearer so far (17% off, the forecast 20%): 96 "
         "instead of 120."),
        (DE, "Bestellungen neuer Kunden, Q1 2026: Die Zahl des Vorjahres lag bisher näher (17 % daneben, die "
         "Vorhersage 20 %): 96 statt 120."),
    ],
)  # fmt: skip
def test_of_new_customers_it_is_said_as_well(language: Language, said: str) -> None:
    """The table shows the forecast of a group beside last year's figure; a sentence says which one to go by."""
    rows = changed(shop(), "quarter", "new", expected_orders_error=0.198, orders_last_year_error=0.168)
    told = said_in(language, sales, rows)
    assert said in told
    assert len(told) == 7
    unknown = changed(rows, "quarter", "new", orders_last_year=None)
    assert len(said_in(language, sales, unknown)) == 6


def test_a_young_shop_has_no_past_forecast_no_season_and_perhaps_no_year_before() -> None:
    never = {f"{name}": None for measure in MEASURES for name in (
        f"expected_{measure}_error", f"{measure}_last_year_error", f"expected_{measure}_held", f"{measure}_last_year",
    )}  # fmt: skip
    rows = [row | never | {"past_forecasts": 0, "has_season": False} for row in shop()]
    told = said_in(EN, sales, rows)
    assert told[0] == (
        "Q1 2026: no orders can be named. The forecast has not been held against the past, and there is no year before."
    )
    assert told[-2:] == [EN.say("outlook.never_forecast"), EN.say("outlook.no_season")]


def test_the_chart_draws_the_months_and_the_forecast_only_where_it_was_nearer() -> None:
    drawn = sales.chart(shop(), EN, "EUR")
    lines = {line.name: list(line.y) for line in drawn.figure.data if line.name}
    assert lines[EN.say("outlook.forecast")] == [1000, 1000, 1000]
    assert lines[EN.say("outlook.last_year")] == [800, 800, 800]
    assert len(drawn.table.rows) == 15
    assert [row["group"] for row in drawn.table.rows[:3]] == ["today's", "new", "all"]
    assert "Jan" in drawn.alt and "€1,000" in drawn.alt
    no_better = sales.chart(shop(expected_revenue_error=0.5), EN, "EUR")
    assert EN.say("outlook.forecast") not in {line.name for line in no_better.figure.data}


def lever(name: str, gain: float | None, **given: Any) -> dict[str, Any]:
    known = gain is not None
    return {
        "lever": name, "gain_365d": gain, "gain_365d_low": gain / 2 if known else None,
        "gain_365d_high": gain * 1.5 if known else None, "has_enough": known, "level_observed": 0.25,
        "base_customers": 200, "value_per_customer": 40.0, "observed_from": date(2024, 1, 1),
        "missing_because": None if known else "not_observed_long_enough", "predicted_gain_365d": None,
        "predicted_gain_365d_low": None, "predicted_gain_365d_high": None, "not_predicted_because": None,
    } | given  # fmt: skip


PREDICTED = {"predicted_gain_365d": 60.0, "predicted_gain_365d_low": -20.0, "predicted_gain_365d_high": 140.0}


def test_what_the_models_say_of_a_point_stands_beside_what_was_observed() -> None:
    rows = [
        lever("retention_rate", 80.0, **PREDICTED),
        lever("second_order_rate", None, predicted_gain_365d=30.0),
        lever("average_order_value", 90.0, not_predicted_because="nobody_with"),
    ]
    told = said_in(EN, what_if, rows)
    assert told[-3:] == [
        "By the models fitted to this shop's past, with the range in which it will lie with 95%: One percentage point "
        "more of retention some €60 (-€20 to €140); One percentage point more of second orders within 90 "
        "days some €30.",
        EN.say("outlook.predicted_differs"),
        "By the models, One percent more per order: nobody did so in the year observed.",
    ]
    assert "rund 60 € (-20 € bis 140 €)" in " ".join(said_in(DE, what_if, rows))
    drawn = what_if.chart(rows, EN, "EUR").figure
    assert [list(line.x) for line in drawn.data] == [[80.0, 90.0], [60.0, None]]


@pytest.mark.parametrize("why", ["not_predicted", "refused", "rival_better", "no_difference", "not_judged"])
def test_a_model_that_is_not_used_says_why_once_and_draws_nothing(why: str) -> None:
    rows = [lever(name, 90.0, not_predicted_because=why) for name in ("retention_rate", "average_order_value")]
    told = said_in(EN, what_if, rows)
    assert told[-1] == EN.say(f"outlook.without_{why}", what="value of customers")
    assert len([one for one in told if "value of customers" in one]) == 1
    assert len(what_if.chart(rows, EN, "EUR").figure.data) == 1
