"""On random shops, full of edge cases and with random settings, the marts equal the slow calculation in reference/."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import build_models
from tests.reference.calculate import MARTS
from tests.reference.check_warehouse import compare_warehouse
from tests.reference.comparison import beyond, compare
from tests.reference.files import SOURCES, write_shop
from tests.reference.intake import take_in
from tests.reference.random_shop import files_of, random_shop
from tests.reference.settings import read_settings

# Chosen so that among them every comparison between versions and every way to tell a customer decides something.
QUICK = [(seed, seed % 2 == 0) for seed in (25, 36, 39, 43, 46, 55, 61, 70)]
FIRST = (25, 36)  # those of them that make test builds
WITH_DATA_TESTS = (25, 70)
LONG = [(seed, seed % 2 == 0) for seed in range(1001, 1101)]


def check(seed: int, ambiguous: bool, directory: Path, *, data_tests: bool) -> None:
    entities, settings = random_shop(seed, ambiguous=ambiguous)
    write_shop(directory, entities, settings, parts=files_of(seed))
    vars_of_dbt = json.loads((directory / "settings.json").read_text())
    build = build_models(directory / "build", directory / "raw", vars_of_dbt, data_tests=data_tests)
    differences = compare_warehouse(directory, build.warehouse)
    assert differences.keys() == set(MARTS)
    assert {mart: problems for mart, problems in differences.items() if problems} == {}
    sources = {source for (source,) in build.rows("select distinct source from marts.source_accounting")}
    assert sources == ({"raw_folder"} if files_of(seed) == 1 else {"raw_folder", *SOURCES})


# What section 4 and section 11 of the definitions can make of a row.
OUTCOMES = {
    "orders": {
        "counted": {"none"},
        "excluded": {"after_as_of_date", "test_order", "status", "fully_refunded"},
        "superseded": {"duplicate", "older_version", "conflict"},
        "quarantined": {
            *("missing_order_id", "damaged_id", "invalid_ordered_at", "ordered_in_future", "invalid_amount"),
            *("negative_amount", "invalid_refund", "unknown_currency"),
        },
    },
    "refunds": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {
            *("missing_order_id", "invalid_amount", "negative_amount", "invalid_refunded_at", "refunded_in_future"),
            "unknown_order",
        },
    },
    "customers": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {"missing_customer_id", "damaged_id"},
    },
    "marketing_spend": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "quarantined": {
            *("invalid_spend_date", "spent_in_future", "invalid_amount", "negative_amount", "unknown_currency"),
            "unknown_purpose",
        },
    },
    "subscriptions": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {
            *(
                "missing_subscription_id",
                "missing_customer_id",
                "damaged_id",
                "invalid_started_at",
                "started_in_future",
            ),
            *("invalid_ended_at", "ended_before_start", "invalid_amount", "negative_amount", "unknown_currency"),
        },
    },
    "activities": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {
            *("damaged_id", "invalid_occurred_at", "occurred_in_future", "missing_activity_type", "invalid_value"),
        },
    },
    "actions_taken": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {
            *("missing_customer_id", "damaged_id", "missing_rule_id", "invalid_taken_at", "taken_in_future"),
            "unknown_arm",
        },
    },
    "exchange_rates": {
        "counted": {"none"},
        "excluded": {"after_as_of_date"},
        "superseded": {"none"},
        "quarantined": {"invalid_rate_date", "missing_currency", "invalid_rate", "rate_not_positive"},
    },
}


def test_the_shops_hold_every_outcome() -> None:
    """And typed values, both ways of telling customers, and every row in exactly one outcome."""
    found: dict[str, dict[str, set[str]]] = {}
    kinds: set[type] = set()
    identities: set[str] = set()
    for seed, ambiguous in QUICK:
        entities, given = random_shop(seed, ambiguous=ambiguous)
        settings = read_settings(given)
        accounting = take_in(entities, settings).accounting
        for entity in OUTCOMES:
            rows = sum(count for (of, _, _), count in accounting.items() if of == entity)
            assert rows == len(entities.get(entity, ()))
        for entity, outcome, reason in accounting:
            found.setdefault(entity, {}).setdefault(outcome, set()).add(reason)
        kinds |= {type(value) for rows in entities.values() for row in rows for value in row.values()}
        identities.add(settings.identity_by)
    assert found == OUTCOMES
    assert kinds == {str, type(None), int, float, Decimal, bool, date, datetime}
    assert identities == {"customer_id", "email"}


@pytest.mark.parametrize(
    ("seed", "ambiguous"),
    [pytest.param(*given, marks=() if given[0] in FIRST else pytest.mark.long) for given in QUICK],
)
def test_marts_equal_the_calculation(seed: int, ambiguous: bool, tmp_path: Path) -> None:
    check(seed, ambiguous, tmp_path, data_tests=seed in WITH_DATA_TESTS)


@pytest.mark.long
@pytest.mark.parametrize(("seed", "ambiguous"), LONG)
def test_marts_equal_the_calculation_on_many_more(seed: int, ambiguous: bool, tmp_path: Path) -> None:
    check(seed, ambiguous, tmp_path, data_tests=True)


def test_customers_are_broken_down_by_columns_of_their_own(tmp_path: Path) -> None:
    """A list without most of the usual dimensions, but with two columns of `customers`, one of them new."""
    entities, settings = random_shop(8, ambiguous=True)
    for number, row in enumerate(entities["customers"]):
        row["gender"] = (" f", "m", "", None, "Ümit")[number % 5]
        row["loyalty_tier"] = ("gold", None)[number % 2]
    settings["segment_dimensions"] = ["country", "gender", "loyalty_tier"]
    write_shop(tmp_path, entities, settings)
    build = build_models(tmp_path / "build", tmp_path / "raw", settings, data_tests=True)
    assert {mart: found for mart, found in compare_warehouse(tmp_path, build.warehouse).items() if found} == {}
    dimensions = "select distinct dimension from marts.cohort_retention order by dimension"
    assert [name for (name,) in build.rows(dimensions)] == ["all", "country", "gender", "loyalty_tier"]


def test_a_wrong_figure_would_be_found() -> None:
    """The comparison itself: one changed row in each direction, one missing and one added row are all reported."""
    want = [{"decile": n, "customers": 10, "net_revenue": 5.0, "revenue_share": 0.1} for n in range(1, 11)]
    assert compare("customer_concentration", want, want) == []
    assert compare("customer_concentration", [{**want[0], "customers": 9}, *want[1:]], want)
    assert compare("customer_concentration", [{**want[0], "revenue_share": 0.1000001}, *want[1:]], want)
    assert compare("customer_concentration", want[1:], want)
    assert compare("customer_concentration", want, want[1:])


def test_a_column_that_nothing_calculates_would_be_found() -> None:
    want = [{"decile": 1, "customers": 10}]
    more = [{"decile": 1, "customers": 10, "margin": 1}]
    assert beyond("customer_concentration", want, want) == []
    assert beyond("customer_concentration", more, want) == ["column margin is not calculated"]
    assert compare("customer_concentration", want, more) == ["missing column margin"]
    assert compare("customer_concentration", want, more, without=["margin"]) == []
    assert compare("customer_concentration", more, more, without=["margin"])
