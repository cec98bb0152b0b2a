"""Predicts a warehouse of so many customers as a refresh does, and joins the states back to them. Prints for each of
both seconds passed and seconds of the processors; then the most memory in GB."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np

from orchestration.predicting.predict import predict
from predictions.bg_nbd import Parameters
from stammkunde.places import Places
from tests.simulated_buyers import draw

JOIN = """
create table joined as
select customers.*, states.* exclude (build_id, as_of_date, repeat_orders, last_day, age_days)
from intermediate.int_repeat_buying as customers
left join read_parquet(?) as states using (repeat_orders, last_day, age_days)
"""


def main(count: int, folder: Path) -> None:
    places = Places(None, None, folder / "warehouse.duckdb", folder / "published.duckdb")
    drawn = draw(Parameters(0.6, 6.0, 0.8, 2.5), count, 1, 0, 156, 0).past
    customers = {  # noqa: F841 -- DuckDB reads it by its name
        "number": np.arange(count),
        "repeat_orders": drawn.orders.astype(int),
        "last_day": np.maximum(np.floor(drawn.last * 7), drawn.orders > 0).astype(int),
        "age_days": np.maximum(np.floor(drawn.age * 7), drawn.orders > 0).astype(int),
    }
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_as_of as select date '2025-06-30' as as_of_date")
        connection.execute(
            "create table intermediate.int_repeat_buying as select 'c' || number as customer_id, repeat_orders, "
            "last_day, age_days, cast(repeat_orders * (20 + 60 * random()) as decimal(28, 2)) as later_revenue "
            "from customers"
        )
    settings = {"discount_rate": 0.1}
    with measured("predicted"):
        rows = predict(places, "many", settings, print)
    with measured("joined"), duckdb.connect(str(places.warehouse)) as connection:
        connection.execute(JOIN, [str(places.predictions / "states.parquet")])
    print(rows, f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


@contextmanager
def measured(name: str) -> Iterator[None]:
    began, used = time.perf_counter(), time.process_time()
    yield
    print(f"{name} {time.perf_counter() - began:.1f} {time.process_time() - used:.1f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(int(sys.argv[1]), Path(made))
