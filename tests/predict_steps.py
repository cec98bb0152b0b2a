"""What each step of the predictions costs on a warehouse that dbt built, as the refresh computes it, with the backtests
that it makes once a month. Prints for each the rows it gives, seconds passed, seconds of the processors, and the most
memory of its process in GB."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestration.predicting.read import read
from orchestration.predicting.steps import STEPS
from predictions.threads import one_thread_of_linear_algebra
from stammkunde import settings
from stammkunde.database import read_only
from tests.predict_many import in_a_process_of_its_own, measured


def main(warehouse: Path) -> None:
    with read_only(warehouse) as connection:
        customers = connection.execute("select count(*) from intermediate.int_repeat_buying").fetchall()[0][0]
    print(f"{customers} customers")
    for number, step in enumerate(STEPS):
        rows, seconds, processors, memory = in_a_process_of_its_own(measured, Taken(number), warehouse)
        print(
            f"{step.name} {rows} rows: {seconds:.1f} s, {processors:.1f} s of the processors, {memory:.2f} GB",
            flush=True,
        )


class Taken:
    """One step, named so that another process can be told of it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, warehouse: Path) -> int:
        step = STEPS[self.number]
        with read_only(warehouse) as connection:
            known = read(connection, step, settings.in_force({}))
        with one_thread_of_linear_algebra():
            return sum(max(map(len, found.columns.values()), default=0) for found in step.predict(known))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
