"""Apache Spark builds the same marts as DuckDB, row by row: in dbt's own process, and on a cluster of this machine.

Not part of `make test`: `make test-spark` runs all of this file, `make test-spark-quick` the smallest case.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
import yaml

from spark import cluster
from stammkunde.places import Places
from tests.compare_exports import compare_exports
from tests.conftest import PROJECT, SAMPLE, Build, build_models, run_dbt
from tests.reference.files import write_shop
from tests.reference.random_shop import random_shop
from tests.refreshes import clean_environment, new_places, places_in

CASES = PROJECT.parent / "shared" / "conformance-2"
RUN_AT = "2026-11-22T00:00:00Z"
SEED = 7
ZONES = {"reporting_timezone": "Europe/Berlin", "source_timezone": "America/New_York"}

WHY_NOT = cluster.why_spark_cannot_run()
pytestmark = [pytest.mark.spark, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

quick = pytest.mark.quick


def export(directory: Path, target: str) -> Path:
    """The marts that were built with `directory` by a target, as Parquet files."""
    folder = directory / f"marts_{target}"
    (folder / "marts").mkdir(parents=True)
    command = ["run-operation", "export_marts", "--target", target, "--args", f"{{folder: {folder}}}"]
    exported = run_dbt(command, directory)
    assert exported.exit_code == 0, exported.output
    return folder / "marts"


def build_on_spark(
    directory: Path, target: str, raw: Path, settings: dict[str, object], *, tests: bool = False
) -> Build:
    without = [] if tests else ["--exclude-resource-types", "unit_test", "test"]
    build = run_dbt(["build", "--target", target, *without], directory, raw=raw, settings=settings)
    assert build.exit_code == 0, build.output
    return build


def assert_same_marts(
    directory: Path, target: str, raw: Path, settings: dict[str, object], *, tests: bool = False
) -> None:
    settings = {"run_at": RUN_AT, **settings}
    build_on_spark(directory, target, raw, settings, tests=tests)
    build = build_models(directory, raw, settings)
    found = compare_exports(export(directory, target), export(directory, "duckdb"))
    assert found == {mart: [] for mart in marts_of(build)}


def marts_of(build: Build) -> set[str]:
    query = "select table_name from information_schema.tables where table_schema = 'marts'"
    return {mart for (mart,) in build.rows(query)}


def settings_of(case: Path) -> dict[str, object]:
    return json.loads((case / "settings.json").read_text(encoding="utf-8"))


def split_orders(raw: Path) -> None:
    """Orders as shops have them: a part with other columns in another order and spelling, one that is typed."""
    parts = raw / "orders"
    parts.mkdir(exist_ok=True)
    whole = next(parts.glob("part0.csv"), raw / "orders.csv")
    with whole.open(encoding="utf-8", newline="") as file:
        columns, *rows = list(csv.reader(file))
    with (parts / "more and other.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f" {name.upper()} " for name in reversed(columns)] + ["mood"])
        writer.writerows([[*reversed(row), 'so "so"\n'] for row in rows[::2]])
    with (parts / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows[1::2]])
    (parts / "clock changes.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n"
        "twice,4711,2024-11-03 01:30:00,1\nnever,4711,2024-03-10 02:30:00,1\nat_midnight,4711,2024-10-27,1\n"
    )
    (parts / ".hidden.csv").write_text("nothing of this is read")
    whole.unlink()
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, time in {
            "date": "date '2024-07-01'",
            "local": "timestamp '2024-06-30 19:30:00.25'",
            "instant": "timestamptz '2024-06-30 22:30:00Z'",
        }.items():
            for file in (name, f"{name} again"):  # files of the same types are read together
                connection.execute(
                    f"copy (select 'typed_{file}' as order_id, 4711 as customer_id, {time} as ordered_at, "
                    f"12.345::double as amount, 1 as refunded_amount, false as is_test) to '{parts}/{file}.parquet'"
                )


@dataclass(frozen=True)
class Shop:
    """A random shop that Spark has built in dbt's own process, and its marts."""

    raw: Path
    settings: dict[str, object]
    marts: Path


@pytest.fixture(scope="module")
def random_shop_on_spark(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    directory = tmp_path_factory.mktemp("random_shop")
    entities, settings = random_shop(SEED, order_rows=120)
    settings = {**settings, **ZONES, "run_at": RUN_AT}
    write_shop(directory, entities, settings)
    raw = directory / "raw"
    split_orders(raw)
    build_on_spark(directory, "spark_local", raw, settings_of(directory))
    return Shop(raw, settings_of(directory), export(directory, "spark_local"))


@quick
def test_a_session_builds_the_marts_of_a_random_shop(random_shop_on_spark: Shop, tmp_path: Path) -> None:
    build = build_models(tmp_path, random_shop_on_spark.raw, random_shop_on_spark.settings)
    found = compare_exports(random_shop_on_spark.marts, export(tmp_path, "duckdb"))
    assert found == {mart: [] for mart in marts_of(build)}
    typed = "select count(*) from marts.orders where order_id like 'typed%' and customer_id = '4711'"
    assert build.rows(typed) == [(6,)]


@quick
def test_one_cent_more_on_one_engine_is_found(random_shop_on_spark: Shop, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(random_shop_on_spark.raw, raw)
    file = raw / "orders" / "date.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table orders as select * replace (amount + 0.01 as amount) from '{file}'")
        connection.execute(f"copy orders to '{file}'")
    build_models(tmp_path, raw, random_shop_on_spark.settings)
    found = compare_exports(random_shop_on_spark.marts, export(tmp_path, "duckdb"))
    assert [problem.split(",")[0] for problem in found["orders"]] == [
        "1 rows only in the first",
        "1 rows only in the second",
    ]
    assert found["customers"]
    assert found["row_accounting"] == []


def test_a_session_passes_every_test_of_the_sample(tmp_path: Path) -> None:
    build_on_spark(tmp_path, "spark_local", SAMPLE, {"run_at": RUN_AT}, tests=True)


@pytest.fixture(scope="module")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A cluster of the tests' own; at the end nothing of it is left."""
    folder = tmp_path_factory.mktemp("cluster") / "spark"
    (port,) = cluster.free_ports(1)
    cluster.up(folder, port)
    groups = cluster.remembered(folder)
    try:
        yield port
    finally:
        cluster.down(folder)
    assert not folder.exists()
    assert not cluster.listens(port)
    for group in groups:
        assert cluster.processes_of(folder, group) == []


@pytest.mark.parametrize("case", ["edge", "settings", "shop", "email", "bare", "past", "signals", "sample"])
def test_a_cluster_builds_the_marts_of_duckdb(
    case: str, running_cluster: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_SPARK_PORT", str(running_cluster))
    if case == "sample":
        assert_same_marts(tmp_path, "spark", SAMPLE, {})
    elif not CASES.exists():
        pytest.skip("the conformance cases are not part of the project")
    else:
        assert_same_marts(tmp_path, "spark", CASES / case / "raw", settings_of(CASES / case))


def test_what_the_profile_sets_reaches_the_server(running_cluster: int) -> None:
    from pyhive import hive

    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))["stammkunde"]["outputs"]["spark"]
    with (
        hive.connect("127.0.0.1", running_cluster, configuration=profile["server_side_parameters"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select current_timezone(), 'no number' + 1")  # an error in ANSI mode, which Spark starts in
        assert cursor.fetchall() == [("UTC", None)]


def test_tables_of_the_cluster_are_read_as_files_are(
    running_cluster: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample's orders as a table that is there already, everything else as files."""
    from pyhive import hive

    monkeypatch.setenv("STAMMKUNDE_SPARK_PORT", str(running_cluster))
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw)
    with hive.connect("127.0.0.1", running_cluster) as connection, connection.cursor() as cursor:
        cursor.execute("create schema if not exists shop")
        cursor.execute("drop table if exists shop.all_orders")
        cursor.execute(
            "create table shop.all_orders using parquet as "
            f"select * from csv.`{raw}/orders.csv` with (header = 'true', multiLine = 'true', escape = '\"')"
        )
    (raw / "orders.csv").unlink()
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "orders = shop.all_orders")
    settings = {"run_at": RUN_AT}
    build_on_spark(tmp_path, "spark", raw, settings)
    monkeypatch.delenv("STAMMKUNDE_RAW_TABLES")
    build_models(tmp_path, SAMPLE, settings)
    found = compare_exports(export(tmp_path, "spark"), export(tmp_path, "duckdb"))
    assert {mart: problems for mart, problems in found.items() if problems} == {}


# Whole refreshes


@dataclass(frozen=True)
class Refreshed:
    """The same shop, refreshed on the cluster and on DuckDB, each in a folder of its own."""

    on_spark: Places
    on_duckdb: Places
    port: int
    shop: str = "small"

    def run(self, places: Places, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of operation, as make starts it."""
        given = {"STAMMKUNDE_SPARK_PORT": str(self.port), "STAMMKUNDE_SHOP": self.shop}
        return subprocess.run(
            [sys.executable, "-m", "cli", *command],
            cwd=PROJECT, env={**clean_environment(), **places.environment(), **given},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def refresh(self) -> None:
        for places in (self.on_spark, self.on_duckdb):
            finished = self.run(places, "run")
            assert finished.returncode == 0, finished.stdout + finished.stderr

    def assert_same(self, folder: Path) -> dict[str, int]:
        """Both published files hold the same, and so do the Parquet files. Gives the rows of each mart."""
        of_spark, of_duckdb = exported(self.on_spark, folder / "spark"), exported(self.on_duckdb, folder / "duckdb")
        files = self.on_spark.published_parquet
        rows = json.loads(self.on_spark.manifest.read_text(encoding="utf-8"))["tables"]
        assert compare_exports(of_spark, of_duckdb) == compare_exports(files, of_spark) == {mart: [] for mart in rows}
        return rows


def exported(places: Places, folder: Path) -> Path:
    """The marts of the published file as Parquet files."""
    with duckdb.connect(str(places.published), read_only=True) as connection:
        for (mart,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            (folder / mart).mkdir(parents=True)
            connection.execute(f"copy marts.{mart} to '{folder / mart}/rows.parquet'")
    return folder


@pytest.fixture(scope="module")
def refreshed(running_cluster: int, tmp_path_factory: pytest.TempPathFactory) -> Refreshed:
    folder = tmp_path_factory.mktemp("refreshed")
    on_spark = replace(new_places(folder / "spark"), target="spark")
    found = Refreshed(on_spark, new_places(folder / "duckdb"), running_cluster)
    found.refresh()
    return found


def test_a_refresh_on_spark_publishes_what_one_on_duckdb_publishes(refreshed: Refreshed, tmp_path: Path) -> None:
    rows = refreshed.assert_same(tmp_path)
    assert rows["orders"] > 0
    assert rows["restatements"] == 0


def test_a_second_refresh_on_spark_is_compared_with_the_first(refreshed: Refreshed, tmp_path: Path) -> None:
    """A late order and a refund restate closed periods; half of the orders gone block it; a rollback goes back."""
    first = refreshed.on_spark.published_parquet.resolve()
    for places in (refreshed.on_spark, refreshed.on_duckdb):
        with (places.raw / "orders.csv").open("a", encoding="utf-8") as file:
            file.write("late,c1,2024-05-05 10:00:00,99.00,2025-07-01 00:00:00\n")
    refreshed.refresh()
    assert refreshed.assert_same(tmp_path)["restatements"] > 0
    second = refreshed.on_spark.published_parquet.resolve()
    assert second != first

    orders = refreshed.on_spark.raw / "orders.csv"
    lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
    orders.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    blocked = refreshed.run(refreshed.on_spark, "run")
    assert blocked.returncode == 1
    assert "blocked" in blocked.stdout
    assert refreshed.on_spark.published_parquet.resolve() == second

    assert refreshed.run(refreshed.on_spark, "rollback").returncode == 0
    assert refreshed.on_spark.published_parquet.resolve() == first


# Marts of predictions, which the sample shop fills
PREDICTED = (
    "customer_predictions",
    "prediction_parameters",
    "prediction_backtest",
    "sales_forecast",
    "what_if",
    "retention_actions",
)


def test_refreshes_on_spark_predict_what_those_on_duckdb_predict(running_cluster: int, tmp_path: Path) -> None:
    """Of the sample, as few customers make no model. The second refresh carries the backtests of the first over, and
    reads the states of customers that it remembered."""
    for engine in ("spark", "duckdb"):
        shutil.copytree(SAMPLE, tmp_path / engine / "raw")
    on_spark = replace(places_in(tmp_path / "spark"), target="spark")
    refreshed = Refreshed(on_spark, places_in(tmp_path / "duckdb"), running_cluster, "sample")
    refreshed.refresh()
    rows = refreshed.assert_same(tmp_path / "first")
    assert all(rows[mart] > 0 for mart in PREDICTED), rows
    refreshed.refresh()
    assert refreshed.assert_same(tmp_path / "second") == rows | {"builds": rows["builds"] + 1}
