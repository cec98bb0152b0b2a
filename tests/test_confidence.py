"""Intervals and chances against published figures. The marts equal this calculation on random shops."""

from __future__ import annotations

import re
from math import comb
from random import Random

import duckdb
import pytest

from tests.conftest import Build
from tests.reference.confidence import false_discovery_rates, greenwood, hypergeometric_p_value, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_what_newcombe_published(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=0.00005)
    mirrored = wilson(whole - part, whole)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=0.00005)


def test_an_interval_of_nothing_is_null() -> None:
    assert wilson(0, 0) == (None, None)


def test_greenwood_on_the_scale_log_log() -> None:
    """18 at risk, one event: survival 17/18. Variance 1 / (18 x 17), on the scale log(-log) a standard error of 1.0002,
    so 17/18 to the power of exp(-+1.96 x 1.0002): 7.102 and 1 / 7.102."""
    assert greenwood(17 / 18, [(18, 1)]) == pytest.approx((0.6664, 0.9920), abs=0.0001)
    assert greenwood(1.0, [(18, 0)]) == (1.0, 1.0)
    assert greenwood(0.0, [(18, 18)]) == (0.0, 0.0)


def exact_p_value(active: int, own: int, all_active: int, everybody: int) -> float:
    """Twice the hypergeometric tail away from the mean, from whole numbers."""

    def ways(k: int) -> int:
        return comb(all_active, k) * comb(everybody - all_active, own - k)

    is_below = active * everybody < own * all_active
    tail = range(active + 1) if is_below else range(active, min(own, all_active) + 1)
    return min(1.0, 2 * sum(ways(k) for k in tail) / comb(everybody, own))


@pytest.mark.parametrize(
    ("table", "within"),
    [
        ((0, 5, 20, 100), 0.02),
        ((3, 4, 5, 89), 0.14),
        ((1, 1, 1, 97), 0.35),
        ((2, 40, 300, 1200), 0.01),
        ((31, 40, 300, 1200), 0.01),
        ((120, 2000, 9000, 120000), 0.01),
        ((260, 2000, 9000, 120000), 0.01),
        ((50, 100, 500, 1000), 0.01),
    ],
)
def test_chance_of_a_cell_is_close_to_the_exact_one(table: tuple[int, int, int, int], within: float) -> None:
    """From one customer to thousands, from the middle far into the tails."""
    assert hypergeometric_p_value(*table) == pytest.approx(exact_p_value(*table), rel=within)


def test_false_discoveries_as_in_the_paper() -> None:
    """Benjamini and Hochberg (1995), section 3.2: of 15 p-values the first four are discoveries at 5 %, no other."""
    p_values = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240),
        *(0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    rates = false_discovery_rates(p_values)
    assert [rate <= 0.05 for rate in rates] == [True] * 4 + [False] * 11
    assert rates[3] == pytest.approx(0.0095 * 15 / 4)


def deviations(sample: Build, cells: list[tuple[str, int, int, int, int]]) -> dict[tuple[str, int, int], bool]:
    """What the mart's own SQL says of cohorts (family, cohort, period number, customers, active)."""
    (model,) = [node for node in sample.manifest()["nodes"].values() if node["name"] == "cohort_deviations"]
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create table cells (family text, n int, p int, k int, a int)")
        connection.executemany("insert into cells values (?, ?, ?, ?, ?)", cells)
        connection.execute(
            "create table marts.cohort_retention as select 'month' as cohort_grain, "
            "date '2020-01-01' + n as cohort_start, family as dimension, 'all' as dimension_value, "
            "p as period_number, k as cohort_customers, "
            "a as active_customers, a / k as retention_rate, true as is_complete from cells"
        )
        connection.execute(
            "create table marts.retention_curve as select cohort_grain, dimension, dimension_value, period_number, "
            "sum(cohort_customers) as eligible_customers, sum(active_customers) as active_customers, "
            "sum(active_customers) / sum(cohort_customers) as retention_rate from marts.cohort_retention group by all"
        )
        sql = re.sub(r'"[^"]+"\."marts"', "marts", model["compiled_code"])
        rows = connection.execute(
            f"select dimension, cohort_start - date '2020-01-01', period_number, differs_from_pooled from ({sql})"
        ).fetchall()
    return {(family, cohort, period): differs for family, cohort, period, differs in rows}


def draw(random: Random, customers: int, rate: float) -> int:
    return sum(random.random() < rate for _ in range(customers))


def test_where_cohorts_are_alike_hardly_any_cell_is_said_to_differ(sample: Build) -> None:
    """200 shops of 12 cohorts of 5 to 120 customers, in which only chance makes a difference: in some 5 % of them
    at most any cell is said to differ."""
    random = Random(20)
    cells = [
        (f"shop {shop}", cohort, period, customers, draw(random, customers, 0.3 / period))
        for shop in range(200)
        for cohort in range(12)
        for customers in [random.choice((5, 20, 60, 120))]
        for period in range(1, 12 - cohort)
    ]
    found = deviations(sample, cells)
    shops = {shop for (shop, _, _), differs in found.items() if differs}
    assert len(shops) <= 16
    assert sum(bool(differs) for differs in found.values()) / len(found) < 0.002


def test_a_bad_cohort_is_found_and_the_others_are_left_alone(sample: Build) -> None:
    """In each of 20 shops cohort 3 comes back half as often: 60 of 400 customers in period 1, where others have 120.
    That is found everywhere. Few cells found are of others, which differ a little: the pooled rate holds it too."""
    random = Random(21)
    cells = [
        (f"shop {shop}", cohort, period, 400, draw(random, 400, (0.5 if cohort == 3 else 1) * 0.3 / period))
        for shop in range(20)
        for cohort in range(24)
        for period in range(1, min(8, 24 - cohort))
    ]
    found = deviations(sample, cells)
    assert all(found[f"shop {shop}", 3, 1] for shop in range(20))
    bad = [differs for (_, cohort, _), differs in found.items() if cohort == 3]
    others = [differs for (_, cohort, _), differs in found.items() if cohort != 3]
    assert sum(map(bool, bad)) > len(bad) / 2
    assert sum(map(bool, others)) <= 0.2 * (sum(map(bool, bad)) + sum(map(bool, others)))
