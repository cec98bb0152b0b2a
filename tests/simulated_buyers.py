"""Customers drawn as the models say they are, with parameters that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from predictions.bg_nbd import Parameters
from predictions.gamma_gamma import Parameters as ValueParameters
from predictions.states import Floats, States, states


@dataclass(frozen=True)
class Drawn:
    past: States
    future: Floats  # days with an order in the weeks after


def draw(parameters: Parameters, customers: int, seed: int, youngest: float, oldest: float, weeks: float) -> Drawn:
    """Each with a rate and a probability to leave of his own, known for `youngest` to `oldest` weeks, then followed for
    `weeks` more."""
    random = np.random.default_rng(seed)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, customers)
    leaving = random.beta(parameters.a, parameters.b, customers)
    age = random.uniform(youngest, oldest, customers)
    x, last, future = (np.zeros(customers) for _ in range(3))
    time = np.zeros(customers)
    there = np.arange(customers)
    while len(there):
        time[there] += random.exponential(1 / rate[there])
        there = there[time[there] <= age[there] + weeks]
        past = there[time[there] <= age[there]]
        x[past] += 1
        last[past] = time[past]
        future[there[time[there] > age[there]]] += 1
        there = there[random.random(len(there)) >= leaving[there]]
    return Drawn(states(x, last, age), future)


def draw_values(parameters: ValueParameters, past: States, seed: int) -> tuple[Floats, Floats]:
    """Repeat orders of those who have some, and their mean value."""
    random = np.random.default_rng(seed)
    x = past.orders[past.orders > 0]
    scale = random.gamma(parameters.q, 1 / parameters.gamma, len(x))
    return x, random.gamma(parameters.p * x, 1 / (scale * x))
