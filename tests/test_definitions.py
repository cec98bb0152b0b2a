"""What Dagster shows and starts: the asset graph, the schedule and the sensor."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.assets.predictions import DRIFT
from orchestration.quality.suites import NAMES
from orchestration.state import State
from stammkunde.errors import SettingError
from stammkunde.manifest import Manifest
from stammkunde.places import Places
from stammkunde.shops import find_places, remember
from tests.reference.calculate import MARTS
from tests.refreshes import places_in, write_shop


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """The small shop's folder, which the environment names meanwhile."""
    folder = tmp_path_factory.mktemp("definitions")
    write_shop(folder / "raw")
    found = places_in(folder)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in found.environment().items():
            patched.setenv(name, value)
        patched.setenv("STAMMKUNDE_SETTLE_SECONDS", "0")
        patched.delenv("STAMMKUNDE_MAPPING", raising=False)
        found.dagster_home.mkdir(parents=True)
        yield found


@pytest.fixture(scope="module")
def defs(places: Places):
    from orchestration.definitions import definitions

    return definitions()


@pytest.fixture(scope="module")
def graph(defs):
    return defs.resolve_asset_graph()


def keys(graph, group: str) -> set[str]:
    return {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).group_name == group}


def test_the_graph_leads_from_raw_entities_to_consumers(graph, places: Places) -> None:
    import dagster as dg

    assert {"raw/orders", "raw/customers"} <= keys(graph, "raw")
    assert keys(graph, "publish") == {"published/retention"}
    assert keys(graph, "consumers") == {
        "consumers/assistants", "consumers/bi_tools", "consumers/dashboard", "consumers/postgres_tools",
        "consumers/retention_export", "consumers/retention_report", "consumers/retention_review",
        "consumers/retention_summary", "consumers/semantic_layer", "consumers/superset",
    }  # fmt: skip
    handed_out = graph.get(dg.AssetKey(["handed_out", "retention_actions"]))
    assert keys(graph, "handed_out") == {"handed_out/retention_actions"}
    assert handed_out.parent_keys == {dg.AssetKey(["published", "retention"])}
    upstream = dg.AssetSelection.assets("published/retention").upstream().resolve(graph)
    marts = {key for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert {dg.AssetKey(["marts", mart]) for mart in MARTS} <= marts
    assert {key.path[-1] for key in marts} == set(Manifest.read(places.dbt_target / "manifest.json").marts())
    assert marts < upstream
    assert dg.AssetKey(["raw", "orders"]) in upstream
    for consumer in keys(graph, "consumers"):
        node = graph.get(dg.AssetKey.from_user_string(consumer))
        assert node.parent_keys == {dg.AssetKey(["published", "retention"])}
        assert not node.is_materializable
    bi_tools = graph.get(dg.AssetKey(["consumers", "bi_tools"]))
    assert set(bi_tools.metadata["reads"].split(", ")) == {key.path[-1] for key in marts}


def test_groups_run_one_way(graph) -> None:
    """No group is both before and after another: the graph can be read from left to right."""
    before = {
        (graph.get(parent).group_name, graph.get(key).group_name)
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    later = {group: {to for start, to in before if start == group and to != group} for group, _ in before}

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        return any(to == goal or (to not in seen and reaches(to, goal, seen | {to})) for to in later.get(start, set()))

    assert [group for group in later if reaches(group, group, set())] == []


def test_marts_that_read_predictions_are_built_after_them_and_before_the_gate(places: Places) -> None:
    """Marts say so in their meta: they are a step of their own, behind that of the predictions."""
    import dagster as dg

    from orchestration.assets.models import model_assets, steps_of
    from orchestration.dbt_graph import manifest
    from orchestration.definitions import definitions

    parsed = manifest(places)
    first, second = steps_of(Manifest(parsed))
    assert first.selection() == ["--exclude", "config.meta.phase:after_predictions"]
    assert second.selection() == ["--select", "config.meta.phase:after_predictions"]
    assert (first.after, second.after) == (("raw",), ("raw", "models", "predictions"))
    models, late = model_assets(parsed)
    keys_of_late = {spec.key.to_user_string() for spec in late.specs}
    assert {"marts/customer_predictions", "marts/prediction_backtest", "marts/prediction_trust"} <= keys_of_late
    assert not keys_of_late & {spec.key.to_user_string() for spec in models.specs}
    graph = definitions(parsed).resolve_asset_graph()
    judged = graph.get(dg.AssetKey(["quality", "validation_results"])).parent_keys
    assert {dg.AssetKey.from_user_string(key) for key in keys_of_late if key.startswith("marts/")} <= judged
    states = graph.get(dg.AssetKey(["predictions", "states"]))
    assert states.parent_keys == {
        dg.AssetKey(["intermediate", "int_as_of"]), dg.AssetKey(["intermediate", "int_repeat_buying"]),
        dg.AssetKey(["intermediate", "int_buying_days"]), dg.AssetKey(["intermediate", "int_churn_training"]),
        dg.AssetKey(["intermediate", "int_cohort_months"]), dg.AssetKey(["intermediate", "int_daily_orders"]),
        dg.AssetKey(["intermediate", "int_lever_buyers"]),
    }  # fmt: skip
    assert dg.AssetKey(["marts", "customer_predictions"]) in states.child_keys


def test_assets_say_what_they_are(graph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        if key.path[0] == "marts":
            columns = node.metadata["dagster/column_schema"].columns
            assert columns and all(column.description for column in columns), key
            assert node.code_version, key
        if node.is_materializable:  # Dagster's page offers to make it by itself
            assert "Start the job `refresh`" in node.description, key
    marts = [graph.get(key) for key in graph.get_all_asset_keys() if graph.get(key).group_name.startswith("marts_")]
    assert marts and all(node.freshness_policy for node in marts)


def test_every_dbt_test_is_a_check_and_every_suite_blocks(graph, places: Places) -> None:
    import json

    manifest = json.loads((places.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = {key.name: graph.get(key) for key in graph.asset_check_keys}
    suites = set(NAMES)
    assert tests | suites | {DRIFT} == checks.keys()
    assert all(checks[suite].blocking for suite in suites)


def test_checks_say_what_they_ask(graph) -> None:
    checks = {key.name: graph.get(key).description for key in graph.asset_check_keys}
    assert all(checks.values())
    assert checks["keeps_its_rules_int_customers_"].startswith("customer_id is never null and is unique")
    assert checks["relationships_orders_customer_id__customer_id__ref_customers_"] == (
        "Every customer_id of orders is a customer_id of customers."
    )
    assert checks["assert_retention_curve_pools_complete_cells"] == (
        "The curve holds the complete cells of all cohorts and nothing else."
    )


def test_the_job_is_a_whole_refresh(defs, graph) -> None:
    job = defs.resolve_job_def("refresh")
    materializable = {key for key in graph.get_all_asset_keys() if graph.get(key).is_materializable}
    assert job.asset_layer.executable_asset_keys == materializable
    assert {op.definition.pool for op in job.nodes} == {"warehouse"}


def test_the_schedule_fires_every_day_by_the_clocks_of_the_shop(defs) -> None:
    import dagster as dg

    schedule = defs.get_schedule_def("daily_refresh")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 5 * * *", "UTC")
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 3, 1, 5), repository_def=defs.get_repository_def()
    )
    assert len(schedule.evaluate_tick(context).run_requests) == 1


def test_a_schedule_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.automation import daily

    monkeypatch.setenv("STAMMKUNDE_SCHEDULE", "every day")
    with pytest.raises(SettingError, match=r"STAMMKUNDE_SCHEDULE is 'every day': must be a cron expression"):
        daily("refresh")


def test_the_sensor_fires_once_for_new_contents(defs, places: Places) -> None:
    """First look: seen. Second: fires. Third: already requested. A touched file: same contents. A new line: fires."""
    import dagster as dg

    sensor = defs.get_sensor_def("raw_files")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    cursor = None

    def tick() -> int:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor, repository_def=defs.get_repository_def())
        result = sensor.evaluate_tick(context)
        cursor = result.cursor
        return len(result.run_requests)

    orders = places.raw / "orders.csv"
    assert [tick(), tick(), tick()] == [0, 1, 0]
    os.utime(orders)
    assert [tick(), tick()] == [0, 0]
    with orders.open("a", encoding="utf-8") as file:
        file.write("new,c1,2025-06-30 10:00:00,5.00,\n")
    assert [tick(), tick(), tick()] == [0, 1, 0]


def test_the_sensor_leaves_what_a_refresh_has_seen(defs, places: Places) -> None:
    import dagster as dg

    from orchestration.raw import files_below, fingerprint

    sensor = defs.get_sensor_def("raw_files")
    seen = fingerprint(files_below(places.raw))[0]
    shop = find_places().shop
    State(places).note("20260101T000000Z-0", outcome="blocked", raw_fingerprint=seen, shop=shop)
    State(places).note("20260101T000000Z-1", outcome="failed", raw_fingerprint="of files", shop="another shop")
    cursor = None
    for _ in range(3):
        context = dg.build_sensor_context(cursor=cursor, repository_def=defs.get_repository_def())
        result = sensor.evaluate_tick(context)
        cursor = result.cursor
        assert not result.run_requests
    assert "last refresh" in result.skip_message


@pytest.fixture
def unnamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A warehouse of its own, of which no variable says what it reads."""
    found = places_in(tmp_path)
    for name in ("RAW", "MAPPING", "RAW_TABLES", "SHOP", "TARGET"):
        monkeypatch.delenv(f"STAMMKUNDE_{name}", raising=False)
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(found.warehouse))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(found.published))
    monkeypatch.setenv("STAMMKUNDE_SETTLE_SECONDS", "0")
    return found


def test_the_sensor_watches_what_was_refreshed_last(defs, unnamed: Places) -> None:
    """`make dagster` runs, and in another terminal `make run RAW=folder`: the page needs no new start."""
    import dagster as dg

    sensor = defs.get_sensor_def("raw_files")
    cursor = None

    def tick():
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor, repository_def=defs.get_repository_def())
        result = sensor.evaluate_tick(context)
        cursor = result.cursor or cursor
        return result

    assert tick().skip_message
    assert "sample" not in str(cursor)
    assert {"orders.csv", "customers.csv"} <= {state.split("|")[0] for state in json.loads(cursor)["states"]}
    assert unnamed.raw
    write_shop(unnamed.raw)
    remember(replace(unnamed, shop="small"))
    assert [len(tick().run_requests) for _ in range(3)] == [0, 1, 0]
    assert [state.split("|")[0] for state in json.loads(cursor)["states"]] == ["orders.csv"]
    shutil.rmtree(unnamed.raw)
    gone = tick()
    assert not gone.run_requests
    assert f"{unnamed.raw}: the folder that the last refresh of the shop small read is gone" in gone.skip_message


@pytest.mark.parametrize("named", ["", "exports"])
def test_the_page_is_started_with_what_is_named_and_leaves_the_rest_to_each_run(
    named: str, unnamed: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli.serving import serve

    remember(replace(unnamed, shop="small"))
    monkeypatch.chdir(unnamed.warehouse.parent)
    monkeypatch.setenv("STAMMKUNDE_RAW", named)
    started = {}
    monkeypatch.setattr(os, "execve", lambda program, command, environment: started.update(environment))
    serve()
    raw = str(unnamed.warehouse.parent / named) if named else ""
    assert [started[f"STAMMKUNDE_{name}"] for name in ("RAW", "SHOP", "TARGET", "MAPPING")] == [raw, "", "", ""]
    assert started["STAMMKUNDE_WAREHOUSE"] == str(unnamed.warehouse)


def test_the_instance_sends_nothing_anywhere() -> None:
    import yaml

    from tests.conftest import PROJECT

    settings = yaml.safe_load((Path(PROJECT) / "orchestration" / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings["telemetry"] == {"enabled": False}
    assert settings["nux"] == {"enabled": False}


@pytest.mark.parametrize("dagster_version", [None, "9.9.9"])
def test_our_event_log_is_for_the_version_that_it_was_written_for(
    dagster_version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import yaml

    from orchestration import launch

    found = Places(tmp_path, None, tmp_path / "shop.duckdb", tmp_path / "published.duckdb")
    if dagster_version:
        monkeypatch.setattr(launch, "version", lambda package: dagster_version)
    launch.prepare_instance(found)
    settings = yaml.safe_load((found.dagster_home / "dagster.yaml").read_text(encoding="utf-8"))
    assert ("event_log_storage" in settings) == (dagster_version is None)
    assert settings["telemetry"] == {"enabled": False}
