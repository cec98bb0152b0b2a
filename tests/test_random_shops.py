"""On random shops, full of edge cases and with random settings, the marts equal the slow calculation in reference/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import build_models
from tests.reference.calculate import MARTS
from tests.reference.check_warehouse import compare_warehouse
from tests.reference.comparison import compare
from tests.reference.files import write_shop
from tests.reference.random_shop import random_shop

QUICK = [(seed, seed % 2 == 0) for seed in range(1, 9)]
LONG = [(seed, seed % 2 == 0) for seed in range(1001, 1101)]


def check(seed: int, ambiguous: bool, directory: Path, *, data_tests: bool) -> None:
    entities, settings = random_shop(seed, ambiguous=ambiguous)
    write_shop(directory, entities, settings)
    vars_of_dbt = json.loads((directory / "settings.json").read_text())
    build = build_models(directory / "build", directory / "raw", vars_of_dbt, data_tests=data_tests)
    differences = compare_warehouse(directory, build.warehouse)
    assert differences.keys() == set(MARTS)
    assert {mart: problems for mart, problems in differences.items() if problems} == {}


@pytest.mark.parametrize(("seed", "ambiguous"), QUICK)
def test_marts_equal_the_calculation(seed: int, ambiguous: bool, tmp_path: Path) -> None:
    check(seed, ambiguous, tmp_path, data_tests=seed <= 2)


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
