"""Intervals against figures that others have published; the marts equal this calculation on random shops."""

from __future__ import annotations

import pytest

from tests.reference.confidence import greenwood, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_what_newcombe_published(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=0.00005)
    mirrored = wilson(whole - part, whole)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=0.00005)


def test_an_interval_of_nothing_is_null() -> None:
    assert wilson(0, 0) == (None, None)


def test_greenwood_on_the_scale_log_log() -> None:
    """18 at risk, one event: survival 17/18. Variance 1 / (18 x 17), on the scale log(-log) a standard error of 1.0002,
    so 17/18 to the power of exp(-+1.96 x 1.0002): 7.102 and 1 / 7.102."""
    assert greenwood(17 / 18, [(18, 1)]) == pytest.approx((0.6664, 0.9920), abs=0.0001)
    assert greenwood(1.0, [(18, 0)]) == (1.0, 1.0)
    assert greenwood(0.0, [(18, 18)]) == (0.0, 0.0)
