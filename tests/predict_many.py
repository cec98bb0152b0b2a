"""Predicts a warehouse of so many customers as the step of buyers does in a refresh, and joins the states back to them.
Prints for each of both seconds passed, seconds of the processors, and the most memory of its process in GB."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np

from orchestration.predicting.predict import predict
from orchestration.predicting.steps.buyers import BUYERS
from predictions.bg_nbd import Parameters
from stammkunde.places import Places
from tests.simulated_buyers import draw

JOIN = """
create table joined as
select customers.*, states.* exclude (build_id, as_of_date, repeat_orders, last_day, age_days)
from intermediate.int_repeat_buying as customers
left join read_parquet(?) as states using (repeat_orders, last_day, age_days)
"""

# Of the 200,000 with the smallest hashes, as the model takes them.
LEVER_BUYERS = """
create table intermediate.int_lever_buyers as
select
    *,
    cast(age_days >= 365 and age_days - last_day < 730 as int) as was_active,
    cast(age_days - last_day < 365 as int) as is_kept,
    case when age_days < 365 then 20 end as first_day_revenue
from intermediate.int_repeat_buying
order by md5(customer_id)
limit 200000
"""


def main(count: int, folder: Path) -> None:
    in_a_process_of_its_own(made, folder, count)
    for step in (predicted, joined):
        rows, seconds, processors, memory = in_a_process_of_its_own(measured, step, folder)
        print(f"{step.__name__} {rows} rows: {seconds:.1f} s, {processors:.1f} s of the processors, {memory:.2f} GB")


def in_a_process_of_its_own(function: Callable[..., object], *arguments: object):
    """What a function gives, called in a new process: the memory of one is not that of another."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def places_in(folder: Path) -> Places:
    return Places(None, None, folder / "warehouse.duckdb", folder / "published.duckdb")


def made(folder: Path, count: int) -> None:
    drawn = draw(Parameters(0.6, 6.0, 0.8, 2.5), count, 1, 0, 156, 0).past
    customers = {  # noqa: F841 -- DuckDB reads it by its name
        "number": np.arange(count),
        "repeat_orders": drawn.orders.astype(int),
        "last_day": np.maximum(np.floor(drawn.last * 7), drawn.orders > 0).astype(int),
        "age_days": np.maximum(np.floor(drawn.age * 7), drawn.orders > 0).astype(int),
    }
    with duckdb.connect(str(places_in(folder).warehouse)) as connection:
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_as_of as select date '2025-06-30' as as_of_date")
        connection.execute(
            "create table intermediate.int_repeat_buying as select 'c' || number as customer_id, repeat_orders, "
            "last_day, age_days, cast(repeat_orders * (20 + 60 * random()) as decimal(28, 2)) as later_revenue "
            "from customers"
        )
        connection.execute(LEVER_BUYERS)


def predicted(folder: Path) -> int:
    return predict(places_in(folder), "many", {"discount_rate": 0.1}, print, steps=(BUYERS,))["states"]


def joined(folder: Path) -> int:
    places = places_in(folder)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute(JOIN, [str(places.predictions / "states.parquet")])
        return connection.execute("select count(expected_orders_365d_high) from joined").fetchall()[0][0]


def measured(step: Callable[[Path], int], folder: Path) -> tuple[int, float, float, float]:
    """What the step gives, seconds passed, seconds of the processors, and the most memory in GB."""
    began, used = time.perf_counter(), time.process_time()
    rows = step(folder)
    passed, processors = time.perf_counter() - began, time.process_time() - used
    return rows, passed, processors, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_for_it:
        main(int(sys.argv[1]), Path(made_for_it))
