"""What `stammkunde backtest` says and writes, and what a refresh carries over."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestration.backtests.pages import write_pages
from orchestration.backtests.source import BacktestError, of_last_build
from orchestration.backtests.words import lines
from orchestration.predicting.monthly import calibration_drift, carried_over
from orchestration.predicting.step import Rows
from orchestration.predicting.write import write
from predictions.backtesting.backtest import AsOf
from predictions.backtesting.rows import Row
from predictions.refusal import Refusal
from reports.svg import Line, Picture, drawn, ticks
from stammkunde.places import Places

AT = date(2024, 3, 31)
FOUND = [
    AsOf(
        AT,
        [
            Row("bg_nbd", "total_orders", "90d", 70.4, 80.0, 60.0, 900),
            Row("bg_nbd", "customer_squared_error", "90d", 0.4, None, 0.3, 900, -0.1, -0.2, -0.05, False),
            *(Row("bg_nbd", "cumulative_orders", str(week), 5.0 * week, 6.0 * week, None, 900) for week in (1, 2, 3)),
        ],
        {"gamma_gamma": Refusal("no_repeat_orders", "Nobody has paid twice.")},
    )
]


def test_the_command_says_that_the_rival_is_better_and_what_follows() -> None:
    said = list(lines(FOUND, date(2024, 9, 1)))
    row = next(line for line in said if "days with an order, next 90 days" in line)
    assert row.split()[-3:] == ["70", "80", "60"]
    assert next(line for line in said if "squared error per customer, 90 days" in line).endswith("  rival")
    assert any(
        "last year's rate of each customer is nearer" in line and "the playbook does not use it" in line
        for line in said
    )
    assert any("Nobody has paid twice." in line for line in said)


def test_where_no_date_can_be_judged_it_is_said() -> None:
    assert "180 days of orders" in next(lines([], date(2024, 9, 1)))


def test_a_page_its_rows_and_its_pictures(tmp_path: Path) -> None:
    files = write_pages(tmp_path / "pages", "shop", "a shop", FOUND)
    assert [file.name for file in files] == ["shop.csv", "shop_cumulative_orders.svg", "shop.md"]
    with files[0].open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 5
    assert (rows[1]["as_of_date"], rows[1]["expected"], rows[1]["actual"]) == ("2024-03-31", "0.4", "")
    assert (rows[1]["decides"], rows[1]["is_better"]) == ("true", "false")
    assert ElementTree.fromstring(files[1].read_text(encoding="utf-8")).tag.endswith("svg")
    page = files[2].read_text(encoding="utf-8")
    assert "## As of 2024-03-31, 900 customers" in page
    assert "(shop_cumulative_orders.svg)" in page


def test_without_a_build_the_command_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BacktestError, match="stammkunde run first"):
        of_last_build(Places(None, None, tmp_path / "w.duckdb", tmp_path / "p.duckdb"))


def test_ticks_are_round_and_reach_the_largest_value() -> None:
    assert ticks(1882) == [0, 500, 1000, 1500, 2000]
    assert ticks(0.6)[-1] >= 0.6
    assert ticks(0) == [0, 1]


def test_a_picture_leaves_out_what_is_null_and_escapes_names() -> None:
    text = drawn(Picture("a < b", "x", "y", ["1", "2", "3"], [Line("what & when", [1.0, None, 3.0])]))
    root = ElementTree.fromstring(text)
    assert "a < b" in "".join(root.itertext())
    assert "what & when" in "".join(root.itertext())
    assert [line for line in text.splitlines() if 'd="M64.0 ' in line and line.count(" L") == 1]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A published build `b1` of May, whose backtest was computed on 2 May."""
    found = Places(None, None, tmp_path / "w.duckdb", tmp_path / "p.duckdb")
    found.predictions.mkdir(parents=True)
    columns = {
        "model": ["bg_nbd", "bg_nbd", "churn_logistic"],
        "as_of_date": [date(2024, 3, 31), date(2023, 12, 31), date(2024, 3, 31)],
        "measure": ["calibration_error"] * 3,
        "bucket": ["all"] * 3,
        "expected": [0.2, 0.1, None],
        "customers": [900] * 3,
        "decides": [False] * 3,
        "judged_until": [date(2024, 5, 2)] * 3,
    }
    write(found, [Rows("backtest", columns)], "b1", date(2024, 5, 20))
    return found


def test_a_backtest_is_carried_over_within_its_month(places: Places) -> None:
    (rows,) = carried_over(places, ["bg_nbd"], "b1", date(2024, 5, 31))
    assert rows.columns["as_of_date"] == [date(2023, 12, 31), date(2024, 3, 31)]
    assert rows.columns["expected"] == [0.1, 0.2]
    assert rows.columns["judged_until"] == [date(2024, 5, 2)] * 2
    write(places, [rows], "b2", date(2024, 5, 31))
    assert len(carried_over(places, ["bg_nbd"], "b2", date(2024, 5, 31))) == 1


@pytest.mark.parametrize(
    ("models", "published", "as_of_date"),
    [
        (["bg_nbd"], "b1", date(2024, 6, 1)),  # a new month
        (["bg_nbd"], "b0", date(2024, 5, 31)),  # of a build that is not the published one
        (["bg_nbd"], None, date(2024, 5, 31)),  # nothing is published, or definitions have changed
        ([], "b1", date(2024, 5, 31)),  # a step that is taken every day
        (["clv"], "b1", date(2024, 5, 31)),
        (["bg_nbd"], "b1", None),
    ],
)
def test_else_it_is_due(places: Places, models: list[str], published: str | None, as_of_date: date | None) -> None:
    assert carried_over(places, models, published, as_of_date) == []


def test_a_build_whose_calibration_got_worse_is_told(places: Places) -> None:
    (found,) = calibration_drift(places, "b1")
    assert (found.model, found.error, found.before) == ("bg_nbd", 0.2, 0.1)
    assert calibration_drift(places, "b0") == []
