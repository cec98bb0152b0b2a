"""Which models are used: the mart prediction_trust says it of a build, predictions.backtesting.verdict of a folder that
`stammkunde backtest` looks at without dbt. Both say the same."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from random import Random

import duckdb

from predictions.backtesting.rows import ALL, DECISIVE, Row
from predictions.backtesting.verdict import verdict
from tests.conftest import Build

DECIDING = {model: (measure, bucket) for model, measure, bucket in DECISIVE}


def drawn(random: Random) -> list[tuple[date, Row]]:
    """Rows of up to four dates: those that decide, often without a gain, and others that are always better."""
    found = []
    for model, (measure, bucket) in DECIDING.items():
        for number in random.sample(range(4), random.randint(0, 4)):
            day = date(2025, 3, 31) + timedelta(days=91 * number)
            gain = random.choice((None, -0.4, -0.1, 0.0, 0.1, 0.4))
            ends = (None, None) if gain is None else (gain - 0.1, gain + 0.1)
            better = None if gain is None else gain - 0.1 > 0
            found.append((day, Row(model, measure, bucket, 0.5, None, 0.5, 100 + number, gain, *ends, better)))
            found.append((day, Row(model, "auc", ALL, 0.7, None, 0.6, 100, 0.1, 0.05, 0.2, True)))
    random.shuffle(found)
    return found


def test_the_mart_and_the_command_say_the_same_of_the_same_rows(sample: Build) -> None:
    """Of 150 backtests drawn at random, in which every verdict occurs of every model."""
    (model,) = [node for node in sample.manifest()["nodes"].values() if node["name"] == "prediction_trust"]
    sql = re.sub(r'"[^"]+"\."(marts|predictions)"', r"\1", model["compiled_code"])
    random = Random(18)
    seen: Counter[tuple[str, str]] = Counter()
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema predictions")
        connection.execute("create table predictions.refusals (build_id text, model text, explanation text)")
        connection.execute(
            "create table marts.prediction_parameters as select unnest(['bg_nbd', 'gamma_gamma', 'churn_logistic']) "
            "as model"
        )
        connection.execute(
            "create table marts.prediction_backtest (as_of_date date, model text, measure text, expected double, "
            "rival double, customers bigint, gain double, gain_low double, gain_high double, decides boolean)"
        )
        for _ in range(150):
            rows = drawn(random)
            connection.execute("delete from marts.prediction_backtest")
            connection.executemany(
                "insert into marts.prediction_backtest values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (day, row.model, row.measure, row.expected, row.rival, row.customers, row.gain, row.gain_low,
                     row.gain_high, row.decides)
                    for day, row in [*rows, (date(2020, 1, 1), Row("other", "auc", ALL, None, None, None, 1))]
                ],
            )  # fmt: skip
            said = connection.execute(
                f"select model, why, is_used, as_of_date, model_gain, judged_customers from ({sql})"
            ).fetchall()
            expected = [verdict(name, rows) for name in DECIDING]
            assert sorted(said) == sorted(
                (
                    one.model, one.why, one.is_better, one.as_of_date,
                    one.row.gain if one.row else None, one.row.customers if one.row else None,
                )
                for one in expected
            )  # fmt: skip
            seen.update((one.model, one.why) for one in expected)
    assert len(seen) == 4 * len(DECIDING) and min(seen.values()) > 5
