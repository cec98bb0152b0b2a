"""How many threads NumPy's linear algebra takes."""

from __future__ import annotations

from contextlib import AbstractContextManager


def one_thread_of_linear_algebra() -> AbstractContextManager[object]:
    """One, for as long as it is entered. The arrays here are long and thin: several threads wait for each other more
    than they compute, on a busy machine ten times as much, and the last digits of a sum depend on their number."""
    import numpy as np  # noqa: F401 -- only a library that is loaded is told
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits
