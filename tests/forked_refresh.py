"""Refreshes for tests/fork_server.py: Dagster, Great Expectations and the asset graph are imported once, some 15 s."""

from __future__ import annotations

from collections.abc import Mapping

import great_expectations.expectations  # noqa: F401

import orchestration.definitions  # noqa: F401
from orchestration.job import run_job
from orchestration.quality.suites import SUITES
from stammkunde.dbt import Dbt
from stammkunde.request import RefreshRequest
from tests.dbt_at_once import begin_at_once


def run(given: Mapping[str, object]) -> int:
    """One refresh, where asked for without a suite of the gate, or with dbt that starts at once."""
    SUITES.pop(str(given["without_suite"]), None)
    if address := given["dbt_at_once"]:
        Dbt.command = begin_at_once(str(address))  # type: ignore[method-assign]
    return run_job(RefreshRequest.model_validate(given["request"]))
