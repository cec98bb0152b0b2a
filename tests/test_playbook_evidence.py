"""Intervals and checks of actions hold what they promise: simulated shops whose truth is known, seeds 1 to 1,000.

The formulas are those of the marts: the SQL of their macros, run by DuckDB on the simulated counts.
"""

from __future__ import annotations

import duckdb
import jinja2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import PROJECT
from tests.reference.evidence import adjusted, always_valid, split_p_value, variance_of_share
from tests.reference.outcomes import newcombe

RUNS = range(1, 1001)
Counts = dict[str, NDArray[np.integer]]
COUNTS = ("treated_successes", "treated", "control_successes", "control")


@pytest.fixture(scope="module")
def macros() -> jinja2.environment.TemplateModule:
    """The macros that hold the statistics, as dbt reads them."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    text = "".join(
        (PROJECT / "macros" / "retention" / f"{name}.sql").read_text() for name in ("confidence", "evidence")
    )
    divided = "cast({} as double) / nullif(cast({} as double), 0)"
    return environment.from_string(text, {"rate": divided.format}).module


def run(query: str, given: Counts) -> Counts:
    with duckdb.connect() as connection:
        connection.register("given", {name: np.ascontiguousarray(values) for name, values in given.items()})
        return connection.execute(query).fetchnumpy()


def of_one_look(macros: jinja2.environment.TemplateModule, given: Counts) -> Counts:
    """The interval of playbook_outcomes."""
    rates = ", ".join(
        f"{side}_successes / {side} as {side}_rate, "
        f"{macros.wilson_low(f'{side}_successes', side)} as {side}_rate_low, "
        f"{macros.wilson_high(f'{side}_successes', side)} as {side}_rate_high"
        for side in ("treated", "control")
    )
    return run(
        f"select {macros.difference_low('treated_rate', 'control_rate')} as low, "
        f"{macros.difference_high('treated_rate', 'control_rate')} as high from (select {rates} from given)",
        given,
    )


def of_every_look(macros: jinja2.environment.TemplateModule, given: Counts) -> Counts:
    """The interval and p-value of playbook_evidence."""
    variance = " + ".join(macros.variance_of_share(f"{side}_successes", side) for side in ("treated", "control"))
    uplift = "treated_successes / treated - control_successes / control"
    return run(
        f"select uplift - {macros.always_valid_margin('variance')} as low, "
        f"uplift + {macros.always_valid_margin('variance')} as high, "
        f"{macros.always_valid_p_value('uplift', 'variance')} as p_value "
        f"from (select {uplift} as uplift, {variance} as variance from given)",
        given,
    )


def test_the_formulas_of_the_marts_are_those_of_the_calculation(macros: jinja2.environment.TemplateModule) -> None:
    draw = np.random.default_rng(1)
    treated, control = draw.integers(1, 2000, 500), draw.integers(1, 500, 500)
    given = dict(
        zip(COUNTS, (draw.integers(0, treated + 1), treated, draw.integers(0, control + 1), control), strict=True)
    )
    once, always = of_one_look(macros, given), of_every_look(macros, given)
    for i, counts in enumerate(zip(*(map(int, given[name]) for name in COUNTS), strict=True)):
        assert (once["low"][i], once["high"][i]) == pytest.approx(newcombe(*counts), abs=1e-12)
        expected = always_valid(*counts)
        found = {
            "always_valid_low": max(always["low"][i], -1),
            "always_valid_high": min(always["high"][i], 1),
            "always_valid_p_value": always["p_value"][i],
        }
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    shares = np.array([0.05, 0.2, 0.5, 1.0, 0.0])[np.arange(500) % 5]
    splits = run(
        f"select {macros.split_p_value('treated', 'control', 'share')} as p_value from given",
        {**given, "share": shares},
    )
    for i in range(500):
        assert splits["p_value"][i] == pytest.approx(
            split_p_value(int(treated[i]), int(control[i]), shares[i]), abs=1e-12
        )


def test_the_interval_of_one_look_covers_a_planted_uplift(macros: jinja2.environment.TemplateModule) -> None:
    """400 treated of whom 23 % order, 100 controls of whom 15 % do."""
    drawn = [(rng.binomial(400, 0.23), rng.binomial(100, 0.15)) for rng in map(np.random.default_rng, RUNS)]
    k, m = np.array(drawn).T
    found = of_one_look(
        macros, {"treated_successes": k, "treated": k * 0 + 400, "control_successes": m, "control": m * 0 + 100}
    )
    covered = int(((found["low"] <= 0.08) & (found["high"] >= 0.08)).sum())
    assert 930 <= covered <= 970


def daily_looks(days: int, treated_rate: float, control_rate: float) -> Counts:
    """Of every run and day what is known by then: some eight are treated and two left alone a day."""
    columns: dict[str, list[NDArray[np.integer]]] = {name: [] for name in COUNTS}
    for rng in map(np.random.default_rng, RUNS):
        treated, control = rng.poisson(8, days), rng.poisson(2, days)
        treated[0], control[0] = treated[0] + 1, control[0] + 1
        arrived = (rng.binomial(treated, treated_rate), treated, rng.binomial(control, control_rate), control)
        for name, values in zip(COUNTS, arrived, strict=True):
            columns[name].append(values.cumsum())
    return {name: np.concatenate(values) for name, values in columns.items()}


def runs_with_alarm(found: Counts, days: int) -> int:
    return int(((found["low"] > 0) | (found["high"] < 0)).reshape(len(RUNS), days).any(axis=1).sum())


def test_looking_every_day_raises_few_alarms_where_nothing_helps(macros: jinja2.environment.TemplateModule) -> None:
    """180 looks without an uplift. The interval of one look raises an alarm in a good part of the runs."""
    days = 180
    given = daily_looks(days, 0.2, 0.2)
    assert runs_with_alarm(of_every_look(macros, given), days) <= 65
    assert runs_with_alarm(of_one_look(macros, given), days) > 200


def test_looking_every_day_finds_what_helps(macros: jinja2.environment.TemplateModule) -> None:
    """An uplift of ten points; and on no day of 950 runs and more the interval leaves it out."""
    days = 180
    found = of_every_look(macros, daily_looks(days, 0.3, 0.2))
    assert runs_with_alarm(found, days) >= 700
    left_out = ((found["low"] > 0.1) | (found["high"] < 0.1)).reshape(len(RUNS), days).any(axis=1)
    assert int(left_out.sum()) <= 50


@pytest.mark.parametrize(("share", "least", "most"), [(0.2, 0, 5), (0.3, 990, 1000)])
def test_a_broken_split_is_found(
    macros: jinja2.environment.TemplateModule, share: float, least: int, most: int
) -> None:
    """Of 1,000 customers a fifth is to be left alone; where three tenths are, something is wrong."""
    control = np.array([rng.binomial(1000, share) for rng in map(np.random.default_rng, RUNS)])
    found = run(
        f"select {macros.split_p_value('treated', 'control', '0.2e0')} as p_value from given",
        {"treated": 1000 - control, "control": control},
    )
    assert least <= int((found["p_value"] < 0.001).sum()) <= most


def test_what_was_bought_before_makes_the_interval_narrower_and_no_less_true() -> None:
    """A planted difference of 10, half of whose variance the year before explains. The calculation equals the mart."""
    covered = saved = 0.0
    for rng in map(np.random.default_rng, RUNS):
        arms = []
        for size, uplift in ((200, 10.0), (50, 0.0)):
            before = rng.normal(100, 30, size)
            arms.append(list(zip(before, before + rng.normal(uplift, 30, size), strict=True)))
        row = adjusted(*arms)
        covered += (
            float(str(row["adjusted_revenue_uplift_low"])) <= 10 <= float(str(row["adjusted_revenue_uplift_high"]))
        )
        saved += float(str(row["variance_saved"])) / len(RUNS)
    assert 930 <= covered <= 970
    assert saved == pytest.approx(0.5, abs=0.05)


def test_a_share_of_nothing_is_not_certain() -> None:
    assert variance_of_share(0, 3) == pytest.approx(4 / 25 / 3)
