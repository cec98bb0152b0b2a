"""Two real shops, from their published files to the marts by mapping alone, against what others published of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from examples.real_shops import SHOPS, Shop, ours, report
from intake.mapping import load_mapping
from intake.prepare import prepare
from tests.conftest import Build, build_models

CDNOW, ONLINE_RETAIL = SHOPS


def built(shop: Shop, directory: Path) -> Build:
    raw = shop.folder()
    if raw is None:
        pytest.skip(shop.absent)
    settings = load_mapping(shop.mapping).settings
    return build_models(directory, prepare(raw, directory / "raw", shop.mapping), settings, data_tests=True)


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(CDNOW, tmp_path_factory.mktemp("cdnow"))


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(ONLINE_RETAIL, tmp_path_factory.mktemp("online_retail"))


def test_cdnow_has_its_published_transactions_customers_and_monthly_cohorts(cdnow: Build) -> None:
    assert ours(CDNOW, cdnow.warehouse) == {
        "transactions": "69,659",
        "customers": "23,570",
        "first bought in January 1997": "7,846",
        "first bought in February 1997": "8,476",
        "first bought in March 1997": "7,248",
    }
    assert cdnow.rows("select min(order_date)::varchar, max(order_date)::varchar from marts.orders") == [
        ("1997-01-01", "1998-06-30")
    ]


def test_make_real_says_where_a_figure_differs(cdnow: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(CDNOW, cdnow.warehouse)
    assert "DIFFERS" not in capsys.readouterr().out
    published = {**CDNOW.published, "customers": ("23,571", CDNOW.published["customers"][1])}
    assert not report(replace(CDNOW, published=published), cdnow.warehouse)
    differing = [line.split() for line in capsys.readouterr().out.splitlines() if "DIFFERS" in line]
    assert differing == [["customers", "23,571", "23,570", "DIFFERS"]]


def test_cdnow_purchases_of_nothing_count_and_no_row_is_lost(cdnow: Build) -> None:
    outcomes = "select outcome, reason, rows from marts.row_accounting where entity = 'orders' and rows > 0"
    assert cdnow.rows(outcomes) == [("counted", "none", 69_659)]
    assert cdnow.rows("select count(*) from marts.orders where net_amount = 0") == [(80,)]
    assert cdnow.rows("select sum(net_amount) from marts.orders") == [(Decimal("2500315.63"),)]


def test_cdnow_cohorts_are_retained_as_their_transactions_say(cdnow: Build) -> None:
    """The file itself, counted without any model: customers of January 1997 who bought again in February."""
    raw = CDNOW.folder()
    assert raw is not None
    months: dict[str, set[str]] = {}
    for line in (raw / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()[1:]:
        customer, day, *_ = line.split()
        months.setdefault(day[:6], set()).add(customer)
    returned = cdnow.rows(
        """
        select active_customers from marts.cohort_retention
        where cohort_grain = 'month' and dimension = 'all' and cohort_start = '1997-01-01'
            and period_number in (0, 1, 17)
        order by period_number
        """
    )
    january = months["199701"]
    assert returned == [(len(january & months[month]),) for month in ("199701", "199702", "199806")]


def test_online_retail_has_its_published_lines_orders_customers_and_revenue(online_retail: Build) -> None:
    assert ours(ONLINE_RETAIL, online_retail.warehouse) == {
        "lines": "397,884",
        "orders": "18,532",
        "customers": "4,338",
        "gross revenue, GBP": "8,911,407.90",
        "average order value, GBP": "480.87",
    }


def test_online_retail_accounts_for_every_line_of_every_invoice(online_retail: Build) -> None:
    """What was sold, less what came back, less what was cancelled without a sale, is the sum over the whole file."""
    lines = "select count(*), cast(sum(amount) as decimal(18, 2)) from staging.stg_order_lines"
    assert online_retail.rows(lines) == [(541_909, Decimal("9747747.93"))]
    parts = """
        select cast(
            (select sum(amount - refunded_amount) from marts.orders)
            + (select sum(amount - refunded_amount) from staging.excluded_orders)
            + (select sum(cast(amount as decimal(18, 4))) from staging.quarantined_orders) as decimal(18, 2))
    """
    assert online_retail.rows(parts) == [(Decimal("9747747.93"),)]
    reasons = "select distinct rejection_reason from staging.quarantined_orders"
    assert online_retail.rows(reasons) == [("negative_amount",)]


def test_a_shop_without_its_file_is_skipped_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLINE_RETAIL", str(tmp_path))
    assert ONLINE_RETAIL.folder() is None
    assert "ONLINE_RETAIL=folder" in ONLINE_RETAIL.absent
