"""Backtests that were computed earlier in the month, carried over to a build."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from orchestration.predicting.step import Rows
from orchestration.predicting.tables import columns, file_of
from predictions.backtesting.verdict import Drift, drifted
from stammkunde.database import identifier, in_memory
from stammkunde.places import Places

TABLE = "backtest"
ERRORS = """
select model, as_of_date, expected
from read_parquet(?)
where build_id = ? and measure = 'calibration_error' and expected is not null
"""


def carried_over(places: Places, models: Sequence[str], published: str | None, as_of_date: date | None) -> list[Rows]:
    """The rows of the models as the published build has them, if they were computed in the month of `as_of_date`; else,
    or if there are none, an empty list: they are due."""
    if not models or published is None or as_of_date is None:
        return []
    names = [name for name in columns(TABLE) if name != "build_id"]
    query = f"""
        select {", ".join(map(identifier, names))}
        from read_parquet(?)
        where build_id = ? and model in ({", ".join("?" for _ in models)}) and date_trunc('month', judged_until) = ?
        order by model, as_of_date, measure, bucket
    """
    try:
        with in_memory() as connection:
            found = connection.execute(
                query, [str(file_of(places, TABLE)), published, *models, as_of_date.replace(day=1)]
            ).fetchall()
    except duckdb.Error:  # it is not there, or of an earlier version
        return []
    if not found:
        return []
    return [Rows(TABLE, dict(zip(names, (list(values) for values in zip(*found, strict=True)), strict=True)))]


def calibration_drift(places: Places, build_id: str) -> list[Drift]:
    """Models of a build whose probabilities are no longer as right as they were."""
    with in_memory() as connection:
        return drifted(connection.execute(ERRORS, [str(file_of(places, TABLE)), build_id]).fetchall())
