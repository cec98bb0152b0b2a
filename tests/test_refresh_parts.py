"""The pure parts of a refresh: its settings and dbt's arguments, its places, and the dbt project as Dagster sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from orchestration.collect import compiled_after_the_gate
from stammkunde import settings
from stammkunde.dbt import Dbt
from stammkunde.environment import environment
from stammkunde.errors import SettingError
from stammkunde.manifest import AFTER_THE_GATE, Manifest
from stammkunde.places import Places
from stammkunde.request import RefreshRequest

# Settings


def test_settings_in_force_are_those_of_the_project_with_what_is_set_otherwise() -> None:
    defaults = dict(settings.defaults())
    assert {"run_at", "identity_salt", "active_window_days"} <= defaults.keys()
    chosen = settings.in_force({"active_window_days": 90, "as_of_date": "2024-05-01"})
    assert chosen == {
        name: value
        for name, value in {**defaults, "active_window_days": 90, "as_of_date": "2024-05-01"}.items()
        if name != "run_at"
    }


def test_the_day_of_a_refresh_comes_before_that_of_the_mapping() -> None:
    of_mapping = {"as_of_date": "2024-01-01", "margin_rate": 0.4}
    assert settings.overrides(of_mapping, "2024-05-01") == {"as_of_date": "2024-05-01", "margin_rate": 0.4}
    assert settings.overrides(of_mapping) == of_mapping
    assert settings.overrides({}) == {}


def hash_of(**overridden: object) -> str:
    chosen = settings.in_force(overridden)
    return settings.settings_hash(chosen, salt_id=f"id of {chosen['identity_salt']}")


def test_builds_of_equal_settings_have_equal_hashes() -> None:
    assert hash_of() == hash_of(active_window_days=settings.defaults()["active_window_days"])
    assert hash_of(margin_rate=0.4, new_window_days=30) == hash_of(new_window_days=30, margin_rate=0.4)
    assert hash_of(run_at="2024-05-01T10:00:00") == hash_of(run_at="2024-05-02T10:00:00") == hash_of()


def test_builds_of_other_settings_have_other_hashes() -> None:
    hashes = [
        hash_of(),
        hash_of(identity_salt="salt"),
        hash_of(identity_salt="pepper"),
        hash_of(as_of_date="2024-05-01"),
        hash_of(active_window_days=364),
        hash_of(excluded_statuses=["cancelled"]),
    ]
    assert len(set(hashes)) == len(hashes)


def test_the_salt_is_never_shown() -> None:
    chosen = settings.in_force({"identity_salt": "very-secret", "as_of_date": date(2024, 5, 1)})
    shown = settings.shown(chosen)
    assert "very-secret" not in shown
    assert json.loads(shown) == {
        **chosen,
        "as_of_date": "2024-05-01",
        "identity_salt": "is set",
    }
    assert json.loads(settings.shown(settings.in_force({})))["identity_salt"] == ""


@pytest.mark.parametrize(
    ("overridden", "more"),
    [
        ({}, []),
        ({"b": 1, "a": "it's"}, ["--vars", '{"a": "it\'s", "b": 1}']),
        ({"as_of_date": date(2024, 5, 1)}, ["--vars", '{"as_of_date": "2024-05-01"}']),
        ({"identity_salt": "very-secret"}, []),
    ],
)
def test_dbt_is_given_the_settings_and_no_secret_as_an_argument(
    overridden: dict[str, object], more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAMMKUNDE_IDENTITY_SALT", raising=False)
    dbt = Dbt(tmp_path, {"STAMMKUNDE_WAREHOUSE": "w.duckdb"}, overridden)
    assert dbt.command("build") == [str(dbt.program), "build", *more]
    given = dbt.environment()
    assert given["DBT_ENV_SECRET_IDENTITY_SALT"] == overridden.get("identity_salt", "")
    assert given["STAMMKUNDE_IDENTITY_SALT"] == ""
    assert (given["STAMMKUNDE_WAREHOUSE"], given["DBT_TARGET_PATH"]) == ("w.duckdb", str(tmp_path))
    assert given["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def test_settings_are_described_as_the_project_names_them() -> None:
    assert settings.Settings.model_fields.keys() == settings.defaults().keys()
    settings.check({}, "mapping.yml")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("active_window_days", 0, "must be at least 1"),
        ("active_window_days", "90", "must be a whole number"),
        ("at_risk_after_days", -1, "must be at least 0"),
        ("count_fully_refunded", "perhaps", "must be true or false"),
        ("excluded_statuses", "cancelled", "must be a list, such as"),
        ("excluded_statuses", ["cancelled", " "], "must be a list of texts that are not empty"),
        ("refunded_statuses", [""], "must be a list of texts that are not empty"),
        ("missing_values", "0", "must be a list, such as"),
        ("identity_by", "e-mail", "'customer_id' or 'email'"),
        ("reporting_currency", "Euro", "must be a currency code of three letters"),
        ("as_of_date", "2025-02-30", "must be a date YYYY-MM-DD"),
        ("run_at", "yesterday", "must be an instant in UTC"),
        ("reporting_timezone", "Berlin", "must be a time zone such as Europe/Berlin"),
        ("identity_salt", "it's", "must be a text without quotation marks"),
        ("activ_window_days", 90, "extra inputs are not permitted"),
    ],
)
def test_a_setting_that_cannot_be_meant_names_itself_and_its_file(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingError) as raised:
        settings.check({name: value}, "shop/mapping.yml")
    assert str(raised.value).startswith(f"shop/mapping.yml: the setting {name}")
    assert said in str(raised.value)
    assert (str(value) in str(raised.value)) == (name != "identity_salt")


def test_a_setting_that_is_empty_is_said_to_be_empty() -> None:
    with pytest.raises(SettingError, match=r"the setting reporting_currency is empty: must be a text"):
        settings.check({"reporting_currency": None}, "mapping.yml")
    with pytest.raises(SettingError, match=r"the setting excluded_statuses, entry 2, is empty: must be a text"):
        settings.check({"excluded_statuses": ["cancelled", None]}, "mapping.yml")


def test_a_day_that_yaml_reads_as_a_date_is_one() -> None:
    settings.check({"as_of_date": date(2024, 5, 1)}, "mapping.yml")


@pytest.mark.parametrize("day", ["2024-02-30", "20240501", "yesterday", "2024-W10-1"])
def test_a_refresh_is_asked_for_a_day_that_exists(day: str) -> None:
    with pytest.raises(ValidationError, match="must be a date YYYY-MM-DD"):
        RefreshRequest(as_of_date=day)


def test_a_variable_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "")
    assert environment().lock_wait == 3600
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "soon")
    with pytest.raises(SettingError, match="STAMMKUNDE_LOCK_WAIT is 'soon': must be a number"):
        environment()


def test_memory_is_a_size_or_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ("12GB", "1.5 gib", "80%"):
        monkeypatch.setenv("STAMMKUNDE_MEMORY", size)
        assert environment().memory == size
    monkeypatch.setenv("STAMMKUNDE_MEMORY", "much")
    with pytest.raises(SettingError, match="STAMMKUNDE_MEMORY is 'much': must be a size such as 12GB"):
        environment()


def test_a_secret_that_cannot_be_meant_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_IDENTITY_SALT", "let's")
    with pytest.raises(SettingError) as raised:
        environment()
    assert str(raised.value).startswith("STAMMKUNDE_IDENTITY_SALT: must be a text without quotation marks")
    assert "let's" not in str(raised.value)


# Places


def test_every_warehouse_has_a_state_of_its_own(tmp_path: Path) -> None:
    one, other = (Places(tmp_path, None, tmp_path / f"{name}.duckdb", tmp_path / "p.duckdb") for name in ("a", "b"))
    assert one.state == tmp_path / "a.state"
    for part in ("state", "lock", "data_docs", "dbt_target", "dagster_home", "prepared", "collected"):
        assert getattr(one, part) != getattr(other, part), part
    assert one.kept_builds == tmp_path / "builds"
    assert one.manifest == tmp_path / "p.json"


# The dbt project in Dagster


def node(name: str, *parents: str, kind: str = "model", attached: str | None = None, folder: str = "core") -> dict:
    return {
        "name": name,
        "resource_type": kind,
        "depends_on": {"nodes": list(parents)},
        "attached_node": attached,
        "config": {},
        "original_file_path": f"models/marts/{folder}/{name}.sql",
    }


def parsed(*nodes: dict) -> dict:
    return {"nodes": {node["name"]: node for node in nodes}}


def homes(manifest: dict) -> dict[str, str]:
    from orchestration.dbt_graph import with_homes_of_checks

    return {
        name: node["config"]["meta"]["dagster"]["ref"]["name"]
        for name, node in with_homes_of_checks(manifest)["nodes"].items()
        if node["config"]
    }


CHAIN = (node("a", "source.raw"), node("b", "a"), node("c", "b"), node("side", "a"))


def test_nodes_are_as_late_as_the_longest_way_to_them() -> None:
    from orchestration.dbt_graph import depths

    found = depths(parsed(*CHAIN, node("d", "side", "c"), node("alone")))
    assert found.pop("source.raw") == 1
    assert found == {"a": 2, "b": 3, "c": 4, "side": 3, "d": 5, "alone": 1}


def test_a_test_on_several_models_is_shown_at_the_last_to_be_built() -> None:
    tests = (
        node("forward", "a", "c", "side", kind="test"),
        node("backward", "side", "c", "a", kind="test"),
        node("tie", "b", "side", kind="test"),
    )
    assert homes(parsed(*CHAIN, *tests)) == {"forward": "c", "backward": "c", "tie": "side"}


def test_tests_that_have_a_home_and_models_keep_it() -> None:
    others = (
        node("of_a_column", "a", "c", kind="test", attached="a"),
        node("on_one_model", "a", kind="test"),
        node("on_a_model_and_a_source", "a", "source.raw", kind="test"),
    )
    assert homes(parsed(*CHAIN, node("d", "b", "c"), *others)) == {}


def test_what_a_test_is_configured_with_stays() -> None:
    from orchestration.dbt_graph import with_homes_of_checks

    test = {**node("test", "a", "b", kind="test"), "config": {"severity": "warn", "meta": {"owner": "me"}}}
    found = with_homes_of_checks(parsed(*CHAIN, test))["nodes"]["test"]["config"]
    assert found == {"severity": "warn", "meta": {"owner": "me", "dagster": {"ref": {"name": "b"}}}}


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("models/staging/stg_orders.sql", "staging"),
        ("models/outcomes/excluded_orders.sql", "outcomes"),
        ("models/intermediate/int_orders.sql", "intermediate"),
        ("models/intermediate/deeper/int_orders.sql", "intermediate"),
        ("models/marts/core/orders.sql", "marts_core"),
        ("models/marts/refresh/restatements.sql", "marts_refresh"),
        ("models/semantic/time_spine.sql", "marts_semantic"),
        ("models/raw/raw.yml", "raw"),
        ("models/quality/quality.yml", "quality"),
        ("models/predictions/predictions.yml", "predictions"),
        ("seeds/rfm_segments.csv", "seeds"),
    ],
)
def test_groups_follow_the_folders(path: str, group: str) -> None:
    from orchestration.dbt_graph import layer

    kind = "seed" if path.startswith("seeds/") else "model"
    props = {"name": Path(path).stem, "resource_type": kind, "original_file_path": path}
    assert layer(props) == group


def test_marts_behind_the_gate_are_a_group_of_their_own() -> None:
    from orchestration.dbt_graph import layer

    props = {**node("build", folder="refresh"), "config": {"meta": {"phase": "after_the_gate"}}}
    assert layer(props) == "build"


def test_what_a_model_reads_is_found_over_all_steps() -> None:
    content = {"metadata": {"project_name": "p"}, "nodes": {f"model.p.{n['name']}": n for n in CHAIN}}
    for found in content["nodes"].values():
        found["depends_on"] = {"nodes": [f"model.p.{parent}" for parent in found["depends_on"]["nodes"]]}
    assert Manifest(content).above("c") == {"a", "b"}
    assert Manifest(content).above("a") == set()


def test_marts_behind_the_gate_are_shown_unless_what_they_read_failed() -> None:
    """Otherwise DuckDB's error about what is missing would hide dbt's."""
    phases = {"orders": None, "build": AFTER_THE_GATE, "builds": AFTER_THE_GATE}
    nodes = {}
    for name, phase in phases.items():
        unique_id = f"model.shop.{name}"
        config = {"meta": {"phase": phase}}
        nodes[unique_id] = {"unique_id": unique_id, "name": name, "resource_type": "model", "config": config}
    results = [
        {"unique_id": "model.shop.orders", "status": "success", "compiled_code": "select 1"},
        {"unique_id": "model.shop.build", "status": "success", "compiled_code": "select 2"},
        {"unique_id": "model.shop.builds", "status": "skipped", "compiled_code": None},
        {"unique_id": "test.shop.one", "status": "pass", "compiled_code": "select 3"},
    ]
    manifest = Manifest({"metadata": {"project_name": "shop"}, "nodes": nodes})
    assert compiled_after_the_gate(manifest, results) == {"build": "select 2"}


@pytest.mark.parametrize(("answer", "ended_by"), [("SIG_DFL", signal.SIGTERM), ("SIG_IGN", signal.SIGKILL)])
def test_dbt_ends_where_its_events_cannot_be_read_to_their_end(
    answer: str, ended_by: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left alone it would keep the warehouse locked, and the refresh would wait for it. It may not listen."""
    from orchestration.assets import models

    if answer == "SIG_IGN":
        monkeypatch.setattr(models, "SECONDS_TO_END", 0.1)
    program = f"import signal, time; signal.signal(signal.SIGTERM, signal.{answer}); print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()  # it has come to its sleep
        models.end(SimpleNamespace(process=process))  # type: ignore[arg-type]
        assert process.returncode == -ended_by
        models.end(SimpleNamespace(process=process))  # type: ignore[arg-type]  # one that has ended is left as it is
        assert process.returncode == -ended_by
