"""Whether a model is to be used: what its decisive measure says as of the latest date that can be judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from predictions.backtesting.rows import Row

DRIFT = 0.05  # of the calibration error, above the mean of the dates before

Why = Literal["better", "rival_better", "no_difference", "not_judged"]


@dataclass(frozen=True)
class Verdict:
    """`row`: the decisive one; None where no past date could be judged."""

    model: str
    why: Why
    as_of_date: date | None = None
    row: Row | None = None

    @property
    def is_better(self) -> bool:
        return self.why == "better"


def verdict(model: str, rows: Iterable[tuple[date, Row]]) -> Verdict:
    """A model is used only where it is shown to be better: beyond chance, and lately."""
    judged = [(at, row) for at, row in rows if row.model == model and row.decides and row.is_better is not None]
    if not judged:
        return Verdict(model, "not_judged")
    at, row = max(judged, key=lambda found: found[0])
    return Verdict(model, why(row), at, row)


def why(row: Row) -> Why:
    if row.is_better:
        return "better"
    return "rival_better" if row.gain_high is not None and row.gain_high < 0 else "no_difference"


@dataclass(frozen=True)
class Drift:
    """Probabilities of a model that were right and are no longer: its calibration error as of the latest date, and the
    mean of those before."""

    model: str
    as_of_date: date
    error: float
    before: float


def drifted(errors: Iterable[tuple[str, date, float]]) -> list[Drift]:
    """`errors`: calibration errors by model and date. Of a single date nothing is said."""
    found = []
    by_model: dict[str, dict[date, float]] = {}
    for model, at, error in errors:
        by_model.setdefault(model, {})[at] = error
    for model, dated in sorted(by_model.items()):
        *earlier, latest = sorted(dated)
        if earlier:
            before = sum(dated[at] for at in earlier) / len(earlier)
            if dated[latest] > before + DRIFT:
                found.append(Drift(model, latest, dated[latest], before))
    return found
