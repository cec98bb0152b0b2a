"""What the models know of a customer: how often he ordered again, when last, and for how long he is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class States:
    """One state per element. Made by `states`, which checks it."""

    orders: Floats  # x: days with an order after the first one
    last: Floats  # t_x: from the first order to the last, in weeks
    age: Floats  # T: from the first order to the as-of date, in weeks
    customers: Floats  # how many customers are in this state

    def __len__(self) -> int:
        return len(self.orders)

    def part(self, rows: slice | NDArray[np.intp]) -> States:
        return States(self.orders[rows], self.last[rows], self.age[rows], self.customers[rows])


def states(orders: ArrayLike, last: ArrayLike, age: ArrayLike, customers: ArrayLike | None = None) -> States:
    """`customers`: 1 each where not given. A state that cannot be is an error that names its row."""
    x, t_x, known = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (orders, last, age))
    weights = np.ones_like(x) if customers is None else np.atleast_1d(np.asarray(customers, dtype=np.float64))
    if not x.shape == t_x.shape == known.shape == weights.shape or x.ndim != 1:
        raise ValueError("orders, last, age and customers must be lists of one length")
    _refuse(~np.isfinite(x + t_x + known + weights), "has a value that is missing or infinite")
    _refuse((x < 0) | (x != np.floor(x)), "has repeat orders that are no whole number from 0")
    _refuse((t_x < 0) | (t_x > known), "has its last order before the first or after the as-of date")
    _refuse((x > 0) != (t_x > 0), "has repeat orders without a time between first and last order, or the reverse")
    _refuse(weights <= 0, "has no customers")
    return States(x, t_x, known, weights)


def _refuse(wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        raise ValueError(f"state in row {int(np.argmax(wrong))} {what}")
