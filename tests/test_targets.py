"""A refresh builds on the engine that is asked for, or says at once why it cannot."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.predicting.steps import STEPS
from orchestration.quality.evidence import BESIDE_MARTS
from orchestration.targets import TargetError, check_installed, check_running, on_spark
from spark.cluster import ClusterError, free_ports, memory_mib, thrift_port
from tests.conftest import PROJECT


def test_only_targets_of_spark_are_built_elsewhere() -> None:
    assert [on_spark(target) for target in ("duckdb", "spark", "spark_local")] == [False, True, True]


def test_a_target_that_is_none_is_told_before_anything_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "run", "--target", "snowflake"]
    given = {**os.environ, "STAMMKUNDE_WAREHOUSE": str(tmp_path / "shop.duckdb")}
    finished = subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr == "STAMMKUNDE_TARGET is 'snowflake'; profiles.yml has duckdb, spark, spark_local\n"
    noted = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert noted == {"builds.parquet", "history.lock"}  # that it was tried, and nothing else


def test_nothing_is_built_on_what_is_published() -> None:
    """profiles.yml has a target to read it; a refresh that took it for an engine would fail late, and unclearly."""
    with pytest.raises(TargetError, match=r"'published'; profiles.yml has duckdb, spark, spark_local$"):
        check_installed("published")


def test_what_builds_nothing_works_without_the_engine(tmp_path: Path) -> None:
    """A target that is none stops no rollback: it fails for its own reason."""
    given = {
        **os.environ,
        "STAMMKUNDE_TARGET": "snowflake",
        "STAMMKUNDE_WAREHOUSE": str(tmp_path / "shop.duckdb"),
        "STAMMKUNDE_PUBLISHED": str(tmp_path / "published" / "retention.duckdb"),
    }
    for command, said in (("rollback", "there is no published build to go back from"), ("builds", "No refresh")):
        finished = subprocess.run(
            [sys.executable, "-m", "cli", command],
            cwd=PROJECT, env=given, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert said in finished.stdout + finished.stderr


def test_spark_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    check_installed("duckdb")
    with pytest.raises(TargetError, match=r"make .venv/installed-spark"):
        check_installed("spark")


@pytest.mark.parametrize("port", ["spark", "0", "65536", "-1"])
def test_a_port_that_is_none_is_told_with_its_variable(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SPARK_PORT", port)
    with pytest.raises(ClusterError, match=f"STAMMKUNDE_SPARK_PORT is '{port}'; it must be a port"):
        thrift_port()


def test_too_little_memory_for_spark_is_told_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SPARK_MEMORY", "512")
    with pytest.raises(ClusterError, match=r"STAMMKUNDE_SPARK_MEMORY is '512'; .* at least 1024"):
        memory_mib()


def test_a_server_that_does_not_answer_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("STAMMKUNDE_SPARK_PORT", str(port))
    check_running("duckdb")
    with pytest.raises(TargetError, match=f"no Spark Thrift server .*:{port}"):
        check_running("spark")


def test_what_is_read_beside_the_marts_is_there_on_any_engine() -> None:
    """An engine that is not DuckDB leaves the marts alone as files, unless a model says that it is read by others."""
    read = {relation.split(".")[1] for relation in BESIDE_MARTS.values()} | {"int_as_of", "int_backtest_month_ends"}
    read |= {model for step in STEPS for model in step.models}
    written = set()
    for file in (PROJECT / "models").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ()):
            if "export_for_refresh()" in str(model.get("config", {}).get("post_hook")):
                written.add(model["name"])
    assert written == read
