"""A setting that cannot be meant stops the run with one line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import run_dbt


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("active_window_days", 0),
        ("at_risk_after_days", -1),
        ("count_fully_refunded", "perhaps"),
        ("excluded_statuses", "cancelled"),
        ("reporting_currency", "Euro"),
        ("as_of_date", "2025-02-30"),
        ("run_at", "yesterday"),
        ("reporting_timezone", "Berlin"),
        ("identity_salt", "it's"),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, value: object, tmp_path: Path) -> None:
    build = run_dbt(["run", "--select", "stg_exchange_rates"], tmp_path, settings={name: value})
    assert build.exit_code != 0
    assert f"setting {name} (vars in dbt_project.yml, or --vars) is '{value}'; it must be" in build.output
    assert "Traceback" not in build.output
    assert not build.warehouse.exists() or build.rows("select count(*) from duckdb_tables()") == [(0,)]
