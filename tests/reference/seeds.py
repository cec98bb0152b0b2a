"""The tables that users of the project edit, as they stand in its folder `seeds` or in another one laid over it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

Seeds = Mapping[str, Sequence[Mapping[str, str]]]
OF_THE_PROJECT = Path(__file__).resolve().parents[2] / "seeds"


def read_seeds(over: Path | None = None) -> Seeds:
    """name -> rows, as text. A seed of the project that `over` holds too is read there."""
    found: dict[str, list[dict[str, str]]] = {}
    for own in sorted(OF_THE_PROJECT.glob("*.csv")):
        path = over / own.name if over is not None and (over / own.name).exists() else own
        with path.open(encoding="utf-8", newline="") as file:
            found[own.stem] = list(csv.DictReader(file))
    return found
