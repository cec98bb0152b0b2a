"""All steps of a build, and their tables written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestration.predicting.monthly import carried_over
from orchestration.predicting.read import as_of_date_of, read
from orchestration.predicting.step import Rows, Step
from orchestration.predicting.steps import STEPS
from orchestration.predicting.write import write
from predictions.threads import one_thread_of_linear_algebra
from stammkunde.database import read_only
from stammkunde.places import Places


def predict(
    places: Places,
    build_id: str,
    settings: Mapping[str, object],
    say: Callable[[str], None],
    published: str | None = None,
    steps: Sequence[Step] = STEPS,
) -> dict[str, int]:
    """Predictions of what the warehouse holds. Gives the rows written by table; says which models were refused.

    `published`: the build whose backtests are still right in the same month; None if there is none."""
    found: list[Rows] = []
    with read_only(places.warehouse) as connection, one_thread_of_linear_algebra():
        as_of_date = as_of_date_of(connection)
        for step in steps:
            carried = carried_over(places, step.monthly, published, as_of_date)
            found += carried or step.predict(read(connection, step, settings))
    for rows in found:
        if rows.table == "refusals":
            for model, explanation in zip(rows.columns["model"], rows.columns["explanation"], strict=True):
                say(f"  {model} is not predicted: {explanation}")
    return write(places, found, build_id, as_of_date)
