"""What most tests rely on (parsed_project.py): the dbt project, parsed once, serves commands with any settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT, Build, run_dbt

# Each setting other than dbt_project.yml has it.
OTHERS = {
    "reporting_timezone": "Europe/Berlin",
    "source_timezone": "America/New_York",
    "reporting_currency": "USD",
    "run_at": "2025-07-01T00:00:00Z",
    "as_of_date": "2025-06-01",
    "identity_salt": "salt",
    "identity_by": "email",
    "customer_id_is_personal": True,
    "erased_orders": "removed",
    "quarantined_values_days": 30,
    "missing_values": [],
    "active_window_days": 90,
    "at_risk_after_days": 30,
    "new_window_days": 10,
    "loyal_min_orders": 2,
    "excluded_statuses": [],
    "refunded_statuses": [],
    "count_fully_refunded": True,
    "first_reply_target_minutes": 60,
    "solved_target_minutes": 1440,
    "frequent_contact_tickets": 2,
    "involuntary_cancellation_reasons": ["expired card"],
    "margin_rate": 0.4,
    "discount_rate": 0.2,
    "churn_horizon_days": 60,
    "universal_control_share": 0.3,
    "segment_dimensions": ["country", "loyalty_tier"],
}
READ_WHEN_PARSED = (
    "checksum", "config", "columns", "contract", "database", "raw_code", "refs", "schema", "sources", "test_metadata",
    "expect", "given", "overrides",
)  # fmt: skip


def nodes(build: Build) -> dict[str, dict[str, Any]]:
    manifest = build.manifest()
    return {**manifest["nodes"], **manifest["sources"], **manifest["unit_tests"], **manifest["exposures"]}


def parsed(build: Build) -> dict[str, dict[str, object]]:
    return {
        unique_id: {
            **{part: node[part] for part in READ_WHEN_PARSED if part in node},
            "parents": sorted(node.get("depends_on", {}).get("nodes", [])),
        }
        for unique_id, node in nodes(build).items()
    }


def macros_of_generic_tests(build: Build) -> set[tuple[str, str]]:
    """They find no others when they run."""
    tests = {unique_id: node for unique_id, node in nodes(build).items() if node.get("test_metadata")}
    return {(unique_id, macro) for unique_id, node in tests.items() for macro in node["depends_on"]["macros"]}


def test_settings_change_nothing_that_is_read_when_the_project_is_parsed(sample: Build, tmp_path: Path) -> None:
    defaults = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert OTHERS.keys() == defaults.keys()
    assert [name for name, value in OTHERS.items() if value == defaults[name]] == []
    other = run_dbt(["parse"], tmp_path, settings=OTHERS, as_user=True)
    assert other.exit_code == 0, other.output
    assert parsed(other) == parsed(sample)
    assert set() < macros_of_generic_tests(other) <= macros_of_generic_tests(sample)
