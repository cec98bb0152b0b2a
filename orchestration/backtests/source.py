"""Where the orders of a backtest come from: the last build, or a folder that is read for it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from intake.find import mapping_of
from intake.prepare import prepare
from orchestration.predicting.steps.past_buyers import DAYS, MODEL, days_of
from predictions.backtesting.past import OrderDays
from stammkunde import settings
from stammkunde.database import read_only
from stammkunde.dbt import Dbt
from stammkunde.errors import StammkundeError
from stammkunde.places import DUCKDB, Places


class BacktestError(StammkundeError):
    """There is nothing to look back on."""


@dataclass(frozen=True)
class Source:
    """Days with an order, and the day that the shop's figures stand on; None without an order."""

    days: OrderDays
    as_of_date: date | None
    currency: str


def of_last_build(places: Places) -> Source:
    """What the last build knows. Raises BacktestError where there is none."""
    if not places.warehouse.exists():
        raise BacktestError(
            f"there is no build yet in {places.warehouse}: stammkunde run first, or name a folder (--raw)"
        )
    try:
        with read_only(places.warehouse) as connection:
            return read(connection)
    except duckdb.CatalogException as error:
        raise BacktestError(
            f"{places.warehouse} was built by an earlier version, without {MODEL}: stammkunde run first"
        ) from error


def of_folder(places: Places, say: Callable[[str], None]) -> Source:
    """What a folder holds, read into a warehouse that is thrown away. Nothing else is built or changed."""
    assert places.raw is not None
    mapping = mapping_of(places.raw, places.mapping)
    overrides = settings.overrides(mapping.settings if mapping else {})
    settings.check(overrides, str(mapping.path) if mapping else "the command line")
    with TemporaryDirectory(prefix="stammkunde-backtest-") as name:
        folder = Path(name)
        aside = Places(places.raw, places.mapping, folder / "w.duckdb", folder / "published.duckdb", DUCKDB)
        say(f"reading {places.raw} ...")
        prepared = prepare(places.raw, aside.prepared, places.mapping)
        given = {**aside.environment(), "STAMMKUNDE_RAW": str(prepared), "STAMMKUNDE_BUILD_ID": "backtest"}
        Dbt(aside.dbt_target, given, overrides).run(
            "build", "--select", f"+{MODEL}", "+int_as_of", "--exclude-resource-type", "unit_test", "test"
        )
        with read_only(aside.warehouse) as connection:
            return read(connection)


def read(connection: duckdb.DuckDBPyConnection) -> Source:
    found = connection.execute(DAYS).fetchnumpy()
    as_of_date, currency = connection.execute(
        "select as_of_date, reporting_currency from intermediate.int_as_of"
    ).fetchall()[0]
    return Source(days_of(found), as_of_date, currency)
