"""All steps of a build, and their tables written."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestration.predicting.read import read
from orchestration.predicting.step import Rows
from orchestration.predicting.steps import STEPS
from orchestration.predicting.write import write
from stammkunde.database import read_only
from stammkunde.places import Places


def predict(
    places: Places, build_id: str, settings: Mapping[str, object], say: Callable[[str], None]
) -> dict[str, int]:
    """Predictions of what the warehouse holds. Gives the rows written by table; says which models were refused."""
    found: list[Rows] = []
    with read_only(places.warehouse) as connection:
        for step in STEPS:
            known = read(connection, step, settings)
            found += step.predict(known)
    for rows in found:
        if rows.table == "refusals":
            for model, explanation in zip(rows.columns["model"], rows.columns["explanation"], strict=True):
                say(f"  {model} is not predicted: {explanation}")
    return write(places, found, build_id, known.as_of_date)
