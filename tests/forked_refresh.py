"""Refreshes for tests/fork_server.py: Dagster, Great Expectations and the asset graph are imported once, some 15 s."""

from __future__ import annotations

from collections.abc import Mapping

import great_expectations.expectations  # noqa: F401

import orchestration.definitions  # noqa: F401
from orchestration.job import run_job
from orchestration.quality.suites import SUITES
from stammkunde.request import RefreshRequest


def run(given: Mapping[str, object]) -> int:
    """One refresh, where asked for without a suite of the gate."""
    SUITES.pop(str(given["without_suite"]), None)
    return run_job(RefreshRequest.model_validate(given["request"]))
