"""A step of the predictions, and what it gets and gives: columns of numbers and words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from numpy.typing import NDArray

# The columns of a table are all of one length. A number that is not one (NaN) is null.
Column: TypeAlias = NDArray[Any] | Sequence[object]


@dataclass(frozen=True)
class Known:
    """What a step is told: the columns of each of its queries by name, the day that figures stand on (None where the
    shop has no order), and the settings in force."""

    columns: Mapping[str, Mapping[str, NDArray[Any]]]
    as_of_date: date | None
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Rows:
    """Rows for a table of the source `predictions`, without `build_id`. `as_of_date` is that of the build where it is
    not among the columns; other columns that are not there are null."""

    table: str
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Step:
    """`models`: the intermediate models that its queries read. `queries`: in DuckDB's SQL, whatever engine built them;
    each says the order of its rows, so that the same shop gives the same figures to the last digit. `predict` is a pure
    function. `monthly`: the models whose rows of `backtest` the step writes, once a month; the refreshes between carry
    them over."""

    name: str
    models: tuple[str, ...]
    queries: Mapping[str, str]
    predict: Callable[[Known], Iterable[Rows]]
    monthly: tuple[str, ...] = ()
