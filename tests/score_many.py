"""Scores many states as a refresh would; prints the seconds that takes and the memory of the process in GB."""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from predictions.bg_nbd import Parameters, fit
from predictions.optimise import Fit
from predictions.scoring import score
from tests.simulated_buyers import draw


def main(count: int) -> None:
    drawn = draw(Parameters(0.6, 6.0, 0.8, 2.5), count, 1, 0, 156, 0).past
    found = fit(drawn.part(np.arange(20_000)), 1_000)
    assert isinstance(found, Fit)
    began = time.perf_counter()
    scores = score(found, drawn, [90 / 7, 365 / 7], 0.1)
    seconds = time.perf_counter() - began
    assert np.isfinite(scores.discounted_orders).all()
    print(f"{seconds:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
