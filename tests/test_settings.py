"""A setting with an impossible value stops the run with one line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stammkunde import settings
from tests.conftest import run_dbt


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("active_window_days", 0),
        ("at_risk_after_days", -1),
        ("count_fully_refunded", "perhaps"),
        ("identity_by", "e-mail"),
        ("customer_id_is_personal", "perhaps"),
        ("erased_orders", "kept"),
        ("quarantined_values_days", 0),
        ("excluded_statuses", "cancelled"),
        ("excluded_statuses", ["cancelled", " "]),
        ("refunded_statuses", "refunded"),
        ("missing_values", ["-", False]),
        ("involuntary_cancellation_reasons", "price"),
        ("margin_rate", 1.5),
        ("discount_rate", -0.1),
        ("churn_horizon_days", 0),
        ("universal_control_share", -0.1),
        ("reporting_currency", "Euro"),
        ("as_of_date", "2025-02-30"),
        ("run_at", "yesterday"),
        ("reporting_timezone", "Berlin"),
        ("identity_salt", "it's"),
        ("segment_dimensions", "country"),
        ("segment_dimensions", []),
        ("segment_dimensions", ["country", "email"]),
        ("segment_dimensions", ["Favourite colour"]),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, value: object, tmp_path: Path) -> None:
    build = run_dbt(["run", "--select", "stg_exchange_rates"], tmp_path, settings={name: value})
    assert build.exit_code != 0
    assert f"setting {name} (vars in dbt_project.yml, or --vars) is '{value}'; it must be" in build.output
    assert "Traceback" not in build.output
    assert not build.warehouse.exists() or build.rows("select count(*) from duckdb_tables()") == [(0,)]


def test_a_number_may_stand_without_quotes_among_missing_values(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n1,0,2025-01-01,1\n2,-1,2025-01-01,1\n3,7,2025-01-01,1\n"
    )
    build = run_dbt(["run", "--select", "+stg_orders"], tmp_path, raw=raw, settings={"missing_values": [0, -1]})
    assert build.exit_code == 0, build.output
    query = "select order_id, customer_id from staging.stg_orders order by order_id"
    assert build.rows(query) == [("1", None), ("2", None), ("3", "7")]
    settings.check({"missing_values": [0, -1]}, "mapping.yml")


def test_a_dimension_that_no_file_carries_is_named(tmp_path: Path) -> None:
    settings = {"segment_dimensions": ["country", "shoe_size"]}
    build = run_dbt(["run", "--select", "stg_exchange_rates"], tmp_path, settings=settings)
    assert build.exit_code != 0
    assert "setting segment_dimensions" in build.output
    assert "names 'shoe_size', which is no column of customers. Columns found: customer_id, " in build.output
    assert "Traceback" not in build.output
