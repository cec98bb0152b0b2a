"""Chance without state: every draw depends only on its key, so adding one draw never shifts another.

Integers only. Floating-point functions may differ in the last bit between machines, integers do not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, pairwise

Curve = Sequence[tuple[int, int]]  # (share in thousandths, value), both rising


def draw(*key: object) -> int:
    """Return an integer of 64 bits that is fixed by the key."""
    text = "|".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def below(limit: int, *key: object) -> int:
    """Return an integer from 0 to limit - 1."""
    return draw(*key) % limit


def between(low: int, high: int, *key: object) -> int:
    """Return an integer from low to high, both included."""
    return low + below(high - low + 1, *key)


def chance(thousandths: int, *key: object) -> bool:
    """Return True in so many of a thousand cases."""
    return below(1000, *key) < thousandths


def pick(weights: Mapping[str, int], *key: object) -> str:
    """Return one of the names, each as often as its weight says."""
    names, ends = _ends(tuple(weights.items()))
    return names[bisect_right(ends, below(ends[-1], *key))]


def along(curve: Curve, *key: object) -> int:
    """Return a value of a distribution given by a few of its quantiles, interpolated between them."""
    at = below(1000, *key)
    for (left, low), (right, high) in pairwise(curve):
        if at < right:
            return low + (high - low) * (at - left) // (right - left)
    return curve[-1][1]


@lru_cache(maxsize=256)
def _ends(items: tuple[tuple[str, int], ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return tuple(name for name, _ in items), tuple(accumulate(weight for _, weight in items))
