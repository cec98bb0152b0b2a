"""Rows of the backtest as the table `backtest` holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from orchestration.predicting.step import Rows
from predictions.backtesting.rows import Row

COLUMNS = tuple(field.name for field in fields(Row) if field.name != "is_better")  # the mart says it


def of_backtest(rows: Sequence[Row], as_of_date: date, judged_until: date) -> Rows:
    """`as_of_date`: the past day; `judged_until`: the last day of what then happened that was looked at."""
    columns: dict[str, list[object]] = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    columns["as_of_date"] = [as_of_date] * len(rows)
    columns["decides"] = [row.decides for row in rows]
    columns["judged_until"] = [judged_until] * len(rows)
    return Rows("backtest", columns)
