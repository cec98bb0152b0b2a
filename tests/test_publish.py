"""Readers see the last good build or the new one, whatever happens while it is published."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.collect import clear, show
from orchestration.publish import copy as copying
from orchestration.publish import publish as publishing
from orchestration.publish.builds import PublishError, baseline, kept
from orchestration.publish.place import repair, rollback
from orchestration.publish.publish import publish
from orchestration.targets import on_spark
from stammkunde.database import wal_of
from stammkunde.errors import SettingError
from stammkunde.manifest import Words
from stammkunde.places import Places
from stammkunde.published import published_build
from tests.conftest import PROJECT

EMAIL = "ann@example.com"
ORDERS, CUSTOMERS = 40, 7
EXCLUDED = (
    "select 'x1' as order_id, date '2024-01-01' as order_date, 5.0 as net_amount, null::timestamp as updated_at, "
    "'cancelled' as exclusion_reason"
)


@pytest.fixture(autouse=True)
def default_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAMMKUNDE_KEPT_BUILDS", raising=False)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return places_in(tmp_path)


def places_in(folder: Path, target: str = "duckdb") -> Places:
    published = folder / "published" / "retention.duckdb"
    return Places(folder / "raw", None, folder / "shop.duckdb", published, target)


def build_of(number: int) -> str:
    return f"20240101T0000{number:02}Z-abcdef01"


def build(places: Places, number: int, *, incompressible_bytes: int = 0) -> str:
    """A warehouse as dbt leaves one. `marker` is the number of the build in every row of every mart."""
    build_id = build_of(number)
    if on_spark(places.target):
        return collected_build(places, number)
    places.warehouse.unlink(missing_ok=True)
    catalog = '"' + places.warehouse.stem.replace('"', '""') + '"'
    with duckdb.connect(str(places.warehouse)) as connection:
        rows = f"select i as id, {number} as marker from range"
        for statement in (
            "create schema staging",
            "create schema intermediate",
            "create schema marts",
            f"create table staging.excluded_orders as {EXCLUDED}",
            f"create table staging.stg_orders as select 'o1' as order_id, '{EMAIL}' as customer_email",
            f"create table intermediate.int_orders as {rows}({ORDERS}) as _(i)",
            f"create view marts.orders as select * from {catalog}.intermediate.int_orders",
            f"create table marts.customers as {rows}({CUSTOMERS}) as _(i)",
            f"create table marts.build as select '{build_id}' as build_id",
        ):
            connection.execute(statement)
        if incompressible_bytes:
            connection.execute(
                "create table marts.ballast as select hash(i) as a, hash(i + 0.5) as b "
                f"from range({incompressible_bytes // 16}) as _(i)"
            )
    return build_id


def collected_build(places: Places, number: int) -> str:
    """A warehouse as collect leaves one: views over Parquet files, beside which the engine has marks of its own."""
    clear(places)
    rows = f"select i as id, {number} as marker"
    orders = f"{rows}, make_date(2024, 1 + i % 2, 1) as order_month from range({ORDERS}) as _(i)"
    marts = {
        "orders": f"({orders}) to '{{}}' (format parquet, partition_by (order_month))",
        "customers": f"({rows} from range({CUSTOMERS}) as _(i)) to '{{}}' (format parquet, per_thread_output true)",
        "build": f"(select '{build_of(number)}' as build_id) to '{{}}' (format parquet, per_thread_output true)",
    }
    (places.collected / "marts").mkdir(parents=True)
    (places.collected / "intermediate" / "int_as_of").mkdir(parents=True)
    (places.collected / "staging" / "excluded_orders").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 1 as a) to '{places.collected}/intermediate/int_as_of/part.parquet'")
        connection.execute(f"copy ({EXCLUDED}) to '{places.collected}/staging/excluded_orders/part.parquet'")
        for mart, copied in marts.items():
            connection.execute("copy " + copied.format(places.collected / "marts" / mart))
            (places.collected / "marts" / mart / "_SUCCESS").touch()
            (places.collected / "marts" / mart / ".part.crc").touch()
    assert show(places, {})["marts.orders"] == ORDERS
    return build_of(number)


def parquet_rows(folder: Path) -> dict[str, list]:
    """The rows of each mart that readers of the Parquet files see."""
    with duckdb.connect() as connection:
        return {
            mart.name: connection.execute(
                f"from read_parquet('{mart}/**/*.parquet', hive_partitioning = false) order by all"
            ).fetchall()
            for mart in sorted(path for path in folder.iterdir() if path.is_dir())
        }


def publish_new(places: Places, number: int) -> dict[str, object]:
    return publish(places, build(places, number))


def seen(places: Places) -> int | None:
    """The number of the build that a reader sees, whole; None where nothing is published."""
    if not places.published.exists():
        return None
    with duckdb.connect(str(places.published), read_only=True) as connection:
        found = connection.execute(
            "select (select build_id from marts.build), (select list(marker) from marts.orders), "
            "(select list(marker) from marts.customers)"
        ).fetchall()
    number = found[0][1][0]
    assert found == [(build_of(number), [number] * ORDERS, [number] * CUSTOMERS)]
    return number


def kept_numbers(places: Places) -> list[int]:
    return [int(found.build_id[13:15]) for found in kept(places)]


def assert_in_order(places: Places) -> None:
    """Nothing unfinished is left, and file, manifest and kept builds agree."""
    number = seen(places)
    assert not [path.name for path in places.published.parent.rglob("*") if path.suffix in (".unfinished", ".wal")]
    assert_parquet_in_order(places)
    files = {path.stem for path in places.kept_builds.glob("*.duckdb")}
    assert files == {path.stem for path in places.kept_builds.glob("*.json")}
    if number is None:
        return
    manifest = json.loads(places.manifest.read_text(encoding="utf-8"))
    assert manifest["build_id"] == build_of(number) == published_build(places.published)
    current = next(found for found in kept(places) if found.build_id == build_of(number))
    assert dict(current.manifest) == manifest
    assert sha256(current.file) == sha256(places.published) == manifest["sha256"]
    assert all(found.build_id <= build_of(number) or found.is_withdrawn for found in kept(places))


def assert_parquet_in_order(places: Places) -> None:
    """Builds of another engine have Parquet files, and the link leads to those of the build that readers see."""
    folders = {path.name for path in places.kept_builds.glob("*") if path.is_dir()}
    assert folders == {build.build_id for build in kept(places) if build.manifest["parquet"]}
    number, link = seen(places), places.published_parquet
    if number is None or build_of(number) not in folders:
        assert not link.is_symlink()
        return
    assert link.resolve() == (places.kept_builds / build_of(number)).resolve()
    rows = parquet_rows(link)
    assert rows["build"] == [(build_of(number),)]
    assert rows["orders"] == [(order, number) for order in range(ORDERS)]
    assert [path.name for path in link.rglob("*") if path.is_file() and path.suffix != ".parquet"] == []


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# What is published


def test_the_marts_are_published_as_tables_and_nothing_else(places: Places) -> None:
    manifest = publish_new(places, 1)
    assert seen(places) == 1
    with duckdb.connect(str(places.published), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        schemas = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
    assert tables == [("marts", "build"), ("marts", "customers"), ("marts", "orders")]
    assert views == []
    assert sorted(schemas) == [("main",), ("marts",)] or schemas == [("marts",)]
    assert manifest["tables"] == {"build": 1, "customers": CUSTOMERS, "orders": ORDERS}
    assert EMAIL.encode() in places.warehouse.read_bytes()
    assert EMAIL.encode() not in places.published.read_bytes()


def test_the_file_is_in_the_format_that_duckdb_1_4_reads(places: Places) -> None:
    publish_new(places, 1)
    header = places.published.read_bytes()[:20]
    assert (header[8:12], struct.unpack("<Q", header[12:20])[0]) == (b"DUCK", 67)  # 2.0 writes another number
    with duckdb.connect(str(places.published), read_only=True) as connection:
        shown = "select tags['storage_version'] from duckdb_databases() where path is not null"
        assert connection.execute(shown).fetchall() == [("v1.4.0+",)]


def test_the_manifest_says_what_the_file_holds(places: Places) -> None:
    build_id = build(places, 3)
    given = publish(places, build_id, {"shop": "a shop", "as_of_date": None})
    manifest = json.loads(places.manifest.read_text(encoding="utf-8"))
    assert manifest == given
    assert time.strptime(manifest.pop("published_at"), "%Y-%m-%dT%H:%M:%SZ")
    assert manifest == {
        "build_id": build_id,
        "shop": "a shop",
        "as_of_date": None,
        "tables": {"build": 1, "customers": CUSTOMERS, "orders": ORDERS},
        "bytes": places.published.stat().st_size,
        "sha256": sha256(places.published),
        "storage_version": "v1.4.0",
        "parquet": False,
    }
    assert_in_order(places)


def test_odd_names_of_files_are_names_like_others(tmp_path: Path) -> None:
    folder = tmp_path / "it's 100 % odd"
    odd = Places(folder, None, folder / "Bob's Shop-1.duckdb", folder / "out" / 'the "marts".duckdb')
    folder.mkdir()
    publish_new(odd, 1)
    publish_new(odd, 2)
    assert seen(odd) == 2
    assert went_back(odd) == (2, 1)
    assert seen(odd) == 1


def test_another_build_than_the_checked_one_is_not_published(places: Places) -> None:
    publish_new(places, 1)
    build(places, 2)
    with pytest.raises(PublishError, match=rf"holds another build than the one that was checked \({build_of(3)}\)"):
        publish(places, build_of(3))
    assert (seen(places), kept_numbers(places)) == (1, [1])
    assert_in_order(places)


def test_a_warehouse_without_a_build_is_not_published(places: Places) -> None:
    build_id = build(places, 1)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("drop table marts.build")
    with pytest.raises(PublishError, match="holds no build: run a refresh"):
        publish(places, build_id)
    assert not places.published.exists()
    assert_in_order(places)


def test_a_table_that_lost_rows_on_the_way_is_found_by_the_audit(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_new(places, 1)
    written = copying.write

    def lossy(warehouse: Path, target: Path, *given: Any) -> dict[str, int]:
        tables = written(warehouse, target, *given)
        with duckdb.connect(str(target)) as connection:
            connection.execute("delete from marts.orders where id = 0")
        return tables

    monkeypatch.setattr(copying, "write", lossy)
    with pytest.raises(PublishError, match=rf"marts\.orders has {ORDERS - 1} rows instead of {ORDERS}"):
        publish_new(places, 2)
    assert seen(places) == 1
    assert_in_order(places)


def test_marts_behind_the_gate_keep_their_rules_in_the_written_file(places: Places) -> None:
    """The rule's SQL names the warehouse, and is applied to the file that was written."""
    publish_new(places, 1)
    build_id = build(places, 2)
    rules = {"build_has_no_marker": "select 'marker of 2', count(*) from shop.marts.orders where marker = 2"}
    with pytest.raises(PublishError, match=f"breaks build_has_no_marker: marker of 2 in {ORDERS} rows"):
        publish(places, build_id, rules=rules)
    assert seen(places) == 1
    publish(places, build_id, rules={"nothing": "select 1 from shop.marts.orders where marker = 3"})
    assert seen(places) == 2
    assert_in_order(places)


@pytest.mark.parametrize("mart", ["orders", "customers", "a_mart_of_tomorrow"])
def test_no_mart_with_an_email_is_published(places: Places, mart: str) -> None:
    publish_new(places, 1)
    build_id = build(places, 2)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute(f"create or replace table marts.new as select 'c1' as id, 'see {EMAIL}' as note")
        connection.execute(
            f"drop view if exists marts.{mart}" if mart == "orders" else f"drop table if exists marts.{mart}"
        )
        connection.execute(f"alter table marts.new rename to {mart}")
    with pytest.raises(PublishError, match=f"marts.{mart}.note holds e-mail addresses in 1 rows") as raised:
        publish(places, build_id)
    assert EMAIL not in str(raised.value)
    assert seen(places) == 1
    assert_in_order(places)


# Kept builds


def test_parquet_of_another_engine_is_published_beside_the_file(tmp_path: Path) -> None:
    places = places_in(tmp_path, "spark")
    manifest = publish_new(places, 1)
    assert manifest["tables"] == {"build": 1, "customers": CUSTOMERS, "orders": ORDERS}
    assert seen(places) == 1
    assert_in_order(places)
    months = sorted(path.name for path in (places.published_parquet / "orders").iterdir())
    assert months == ["order_month=2024-01-01", "order_month=2024-02-01"]
    assert sorted(path.name for path in places.published_parquet.iterdir()) == ["build", "customers", "orders"]


WORDS = {"orders": Words("Orders: one row each.", {"id": "Number; it's never null.", "marker": "Zähler."})}


def test_parquet_is_published_where_it_is_asked_for(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_PARQUET", "yes")
    publish(places, build(places, 1), words=WORDS)
    folder = places.published_parquet
    assert parquet_rows(folder)["orders"] == [(order, 1) for order in range(ORDERS)]
    assert {(path.stat().st_mode & 0o777) for path in folder.rglob("*") if path.is_file()} == {0o644}
    with duckdb.connect() as connection:
        file = folder / "orders" / "orders.parquet"
        found = connection.execute(f"select decode(key), decode(value) from parquet_kv_metadata('{file}')").fetchall()
    orders = WORDS["orders"]
    assert {key: text for key, text in found if key.startswith("comment")} == {
        "comment": orders.model,
        "comment.id": orders.columns["id"],
        "comment.marker": orders.columns["marker"],
    }
    (resource,) = json.loads((folder / "datapackage.json").read_text())["resources"]
    assert resource["path"] == ["orders/orders.parquet"]
    assert resource["description"] == orders.model
    assert {field["name"]: field["description"] for field in resource["schema"]["fields"]} == orders.columns
    # Two builds and a rollback: readers follow one link.
    publish(places, build(places, 2), words=WORDS)
    assert parquet_rows(folder)["build"] == [(build_of(2),)]
    rollback(places)
    assert parquet_rows(folder)["build"] == [(build_of(1),)]
    monkeypatch.delenv("STAMMKUNDE_PARQUET")
    publish(places, build(places, 3), words=WORDS)
    assert not folder.is_symlink()


def test_who_reads_the_parquet_files_of_a_build_keeps_them_during_the_next(tmp_path: Path) -> None:
    places = places_in(tmp_path, "spark")
    publish_new(places, 1)
    opened = places.published_parquet.resolve()
    publish_new(places, 2)
    assert parquet_rows(opened)["build"] == [(build_of(1),)]
    assert_in_order(places)


def test_a_build_without_parquet_takes_the_link_away(tmp_path: Path) -> None:
    """Files of another build than the one that is published would contradict it. A rollback brings them back."""
    places = places_in(tmp_path, "spark")
    publish_new(places, 1)
    publish_new(places_in(tmp_path), 2)
    assert not places.published_parquet.is_symlink()
    assert_in_order(places)
    rollback(places)
    assert parquet_rows(places.published_parquet)["build"] == [(build_of(1),)]
    assert_in_order(places)


def test_what_is_not_ours_among_the_kept_builds_is_left_alone(places: Places) -> None:
    publish_new(places, 1)
    others = [places.kept_builds / "notes.txt", places.kept_builds / "2025" / "copy.duckdb"]
    for other in others:
        other.parent.mkdir(exist_ok=True)
        other.write_text("somebody's")
    publish_new(places, 2)
    repair(places)
    assert all(other.read_text() == "somebody's" for other in others)


def test_what_is_in_the_way_of_the_link_is_told_before_anything_is_published(tmp_path: Path) -> None:
    places = places_in(tmp_path, "spark")
    publish_new(places, 1)
    places.published_parquet.unlink()
    places.published_parquet.mkdir()
    with pytest.raises(PublishError, match="is in the way of the link"):
        publish_new(places, 2)
    repair(places)
    assert seen(places) == 1
    places.published_parquet.rmdir()
    publish_new(places, 2)
    assert_in_order(places)


def test_five_builds_are_kept(places: Places) -> None:
    for number in range(1, 8):
        publish_new(places, number)
    assert kept_numbers(places) == [7, 6, 5, 4, 3]
    assert_in_order(places)


def test_as_many_builds_are_kept_as_asked(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, limit, left in ((1, 3, [1]), (2, 3, [2, 1]), (3, 3, [3, 2, 1]), (4, 3, [4, 3, 2]), (5, 1, [5])):
        monkeypatch.setenv("STAMMKUNDE_KEPT_BUILDS", str(limit))
        publish_new(places, number)
        assert kept_numbers(places) == left
        assert_in_order(places)


@pytest.mark.parametrize("limit", ["0", "-1", "five", "1.5"])
def test_a_limit_that_is_none_stops_before_anything_is_written(
    places: Places, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    build_id = build(places, 1)
    monkeypatch.setenv("STAMMKUNDE_KEPT_BUILDS", limit)
    with pytest.raises(SettingError, match=f"STAMMKUNDE_KEPT_BUILDS is '{limit}'"):
        publish(places, build_id)
    assert not places.published.parent.exists()


def test_publishing_a_build_again_changes_nothing_for_readers(places: Places) -> None:
    build_id = build(places, 1)
    publish(places, build_id)
    publish(places, build_id)
    assert (seen(places), kept_numbers(places)) == (1, [1])
    assert_in_order(places)


# Rollback


def went_back(places: Places) -> tuple[int, int]:
    """From which build to which."""
    done = rollback(places)
    (withdrawn,) = done.withdrawn
    return int(withdrawn[13:15]), int(done.current[13:15])


def test_a_rollback_goes_back_build_by_build_until_none_is_left(places: Places) -> None:
    for number in (1, 2, 3):
        publish_new(places, number)
    assert went_back(places) == (3, 2)
    assert seen(places) == 2
    assert_in_order(places)
    assert went_back(places) == (2, 1)
    assert seen(places) == 1
    assert_in_order(places)
    with pytest.raises(PublishError, match=f"no build before {build_of(1)} is kept"):
        rollback(places)
    assert seen(places) == 1
    assert [found.is_withdrawn for found in kept(places)] == [True, True, False]


def test_where_nothing_is_published_there_is_nothing_to_go_back_from(places: Places) -> None:
    with pytest.raises(PublishError, match="there is no published build to go back from"):
        rollback(places)


def test_a_rollback_passes_over_what_was_withdrawn_before(places: Places) -> None:
    publish_new(places, 1)
    publish_new(places, 2)
    rollback(places)
    publish_new(places, 3)
    assert went_back(places) == (3, 1)
    assert_in_order(places)


def test_a_kept_build_that_was_changed_is_not_brought_back(places: Places) -> None:
    publish_new(places, 1)
    publish_new(places, 2)
    with duckdb.connect(str(places.kept_builds / f"{build_of(1)}.duckdb")) as connection:
        connection.execute("delete from marts.orders")
    with pytest.raises(PublishError, match="was changed since it was published, and is not brought back"):
        rollback(places)
    assert seen(places) == 2
    assert not kept(places)[0].is_withdrawn
    assert_in_order(places)


def broken(places: Places, number: int) -> None:
    file = places.kept_builds / f"{build_of(number)}.duckdb"
    file.unlink()
    file.write_bytes(b"no longer a build")


def test_a_rollback_passes_over_a_build_that_is_not_whole_and_says_so(places: Places) -> None:
    for number in (1, 2, 3):
        publish_new(places, number)
    broken(places, 2)
    done = rollback(places)
    assert (done.current, done.withdrawn, done.broken) == (build_of(1), [build_of(3)], [build_of(2)])
    assert seen(places) == 1
    repair(places)
    assert_in_order(places)


def test_a_rollback_to_a_named_build_withdraws_all_after_it(places: Places) -> None:
    for number in (1, 2, 3, 4):
        publish_new(places, number)
    with pytest.raises(PublishError, match=r"no build 20990101T000000Z-a before .* is kept"):
        rollback(places, to="20990101T000000Z-a")
    done = rollback(places, to=build_of(2))
    assert (done.current, done.withdrawn, done.broken) == (build_of(2), [build_of(3), build_of(4)], [])
    assert (seen(places), kept_numbers(places)) == (2, [4, 3, 2, 1])
    with pytest.raises(PublishError, match="is kept that was not withdrawn"):
        rollback(places, to=build_of(3))
    assert_in_order(places)


def test_a_rollback_goes_back_also_where_the_published_build_itself_is_not_kept(places: Places) -> None:
    for number in (1, 2):
        publish_new(places, number)
    for file in places.kept_builds.glob(f"{build_of(2)}.*"):
        file.unlink()
    assert went_back(places) == (2, 1)
    assert seen(places) == 1


def test_each_shop_keeps_its_own_builds(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_KEPT_BUILDS", "2")
    for number, shop in enumerate("abbbba", start=1):
        publish(places, build(places, number), {"shop": shop})
    assert kept_numbers(places) == [6, 5, 4, 1]


def test_builds_of_a_clock_that_was_ten_years_ahead_are_earlier_ones(places: Places) -> None:
    """Five builds dated 2036, then one of today: it is kept, the oldest goes, and the next is compared with it."""
    ids = [f"2036010{day}T000000Z-abcdef01" for day in range(1, 6)] + ["20260101T000000Z-abcdef01"]
    for number, build_id in enumerate(ids, start=1):
        build(places, number)
        with duckdb.connect(str(places.warehouse)) as connection:
            row = f"select '{build_id}' as build_id, {number}::bigint as build_number"
            connection.execute(f"create or replace table marts.build as {row}")
        publish(places, build_id, {"build_number": number, "shop": "a", "settings_hash": "x"})
        repair(places)
    assert [found.build_id for found in kept(places)] == [*reversed(ids[1:])]
    found = baseline(places, {"a"})
    assert found and found.build_id == ids[-1] == published_build(places.published)
    done = rollback(places)
    assert (done.current, done.withdrawn) == (ids[-2], [ids[-1]])


def test_what_is_compared_with_is_the_last_build_of_the_shop_that_stands(places: Places) -> None:
    def numbers_of_baselines() -> list[int | None]:
        found = [baseline(places, {shop}) for shop in ("a", "b")]
        return [int(build.build_id[13:15]) if build else None for build in found]

    assert numbers_of_baselines() == [None, None]
    for number, shop in ((1, "a"), (2, "b"), (3, "a"), (4, "a")):
        publish(places, build(places, number), {"shop": shop})
    assert numbers_of_baselines() == [4, 2]
    rollback(places)
    assert numbers_of_baselines() == [3, 2]
    with pytest.raises(PublishError, match="is of another shop, b, not of a"):
        rollback(places, "b")
    assert seen(places) == 3
    rollback(places, "a")
    assert numbers_of_baselines() == [1, 2]
    publish(places, build(places, 5), {"shop": "a"})
    assert numbers_of_baselines() == [5, 2]


# Crashes, and errors of the file system


class DeadError(BaseException):
    """The process ended here."""


OPERATIONS = (
    (Path, "mkdir"), (Path, "unlink"), (Path, "replace"), (Path, "write_text"), (Path, "symlink_to"), (os, "link"),
    (os, "fsync"), (shutil, "copyfile"), (shutil, "rmtree"),
)  # fmt: skip


@dataclass
class Operations:
    """Counts operations on files, and lets the one at `at` fail: with an error, or by the end of the process, after
    which nothing else works either."""

    at: int
    error: type[BaseException]
    has_links: bool = True
    calls: int = 0

    def reached(self) -> bool:
        return self.calls > self.at

    def wrapped(self, operation: Callable, name: str) -> Callable:
        def call(*arguments, **named):
            if name == "link" and not self.has_links:
                raise OSError(errno.EPERM, "no links here")
            self.calls += 1
            if self.calls - 1 == self.at or (self.reached() and self.error is DeadError):
                if name == "write_text":  # half of it is there
                    operation(arguments[0], arguments[1][: len(arguments[1]) // 2], **named)
                if name == "copyfile":
                    Path(arguments[1]).write_bytes(Path(arguments[0]).read_bytes()[:5000])
                raise self.error(errno.ENOSPC, "No space left on device")
            return operation(*arguments, **named)

        return call


@dataclass
class Start:
    """The same state of affairs for every point of failure: some builds published, two to come."""

    folder: Path
    earlier: int
    target: str = "duckdb"

    def __post_init__(self) -> None:
        start = self.folder / "start"
        later = self.places(start / "later")
        later.warehouse.parent.mkdir(parents=True)
        build(later, self.earlier + 2)
        for number in range(1, self.earlier + 1):
            publish_new(self.places(start), number)
        build(self.places(start), self.earlier + 1)

    def places(self, folder: Path) -> Places:
        return places_in(folder, self.target)

    def copy(self, at: int) -> Places:
        """Its next build is in the warehouse."""
        shutil.rmtree(self.folder / f"at {at - 1}", ignore_errors=True)
        return self.places(shutil.copytree(self.folder / "start", self.folder / f"at {at}", symlinks=True))

    def publish_later(self, places: Places) -> None:
        later = self.places(places.warehouse.parent / "later")
        later.warehouse.replace(places.warehouse)
        if later.collected.exists():
            clear(places)
            later.collected.replace(places.collected)
        publish(places, build_of(self.earlier + 2))
        assert seen(places) == self.earlier + 2


@contextlib.contextmanager
def failing(at: int, error: type[BaseException], *, has_links: bool = True) -> Iterator[Operations]:
    with pytest.MonkeyPatch.context() as patched:
        operations = Operations(at, error, has_links)
        for owner, name in OPERATIONS:
            patched.setattr(owner, name, operations.wrapped(getattr(owner, name), name))
        yield operations


engines = pytest.mark.parametrize("target", ["duckdb", pytest.param("spark", marks=pytest.mark.long)])


@pytest.mark.parametrize(
    ("target", "earlier", "has_links"),
    [
        ("duckdb", 2, True),
        *(
            pytest.param(*given, marks=pytest.mark.long)
            for given in (
                ("duckdb", 0, False), ("duckdb", 0, True), ("duckdb", 2, False), ("spark", 0, False), ("spark", 2, True)
            )
        ),
    ],
)  # fmt: skip
def test_a_crash_at_any_point_leaves_the_old_build_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int, has_links: bool, target: str
) -> None:
    monkeypatch.setenv("STAMMKUNDE_KEPT_BUILDS", "2")
    start, outcomes = Start(tmp_path, earlier, target), []
    for at in range(200):
        places = start.copy(at)
        with failing(at, DeadError, has_links=has_links) as operations, contextlib.suppress(DeadError):
            publish(places, build_of(earlier + 1))
        found = seen(places)
        assert found in (earlier or None, earlier + 1), at
        repair(places)
        assert seen(places) == found, at
        if found:
            assert_in_order(places)
        start.publish_later(places)
        assert_in_order(places)
        outcomes.append(found)
        if not operations.reached():
            break
    else:
        pytest.fail("there are more points than were tried")
    old, new_ones = outcomes.count(earlier or None), outcomes.count(earlier + 1)
    assert outcomes == [earlier or None] * old + [earlier + 1] * new_ones
    assert old >= 8
    assert new_ones >= 2


@pytest.mark.parametrize(
    ("target", "has_links"),
    [
        ("duckdb", True),
        *(pytest.param(*given, marks=pytest.mark.long) for given in (("duckdb", False), ("spark", True))),
    ],
)  # fmt: skip
def test_an_error_at_any_point_is_told_as_what_it_left(tmp_path: Path, has_links: bool, target: str) -> None:
    """What raises has not published, and what has published does not raise."""
    start, published = Start(tmp_path, 1, target), []
    for at in range(100):
        places = start.copy(at)
        with failing(at, OSError, has_links=has_links) as operations:
            try:
                publish(places, build_of(2))
                assert seen(places) == 2, at
            except PublishError as error:
                assert seen(places) == 1, at
                assert "could not be written, and is what it was" in str(error)
        published.append(seen(places) == 2)
        repair(places)
        assert_in_order(places)
        if not operations.reached():
            break
    assert published[-1]
    assert published.count(False) >= 8


def test_a_crash_while_the_file_is_written_leaves_the_old_build(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_new(places, 1)
    new = build(places, 2)

    def half(warehouse: Path, target: Path, *given: Any) -> dict[str, int]:
        target.write_bytes(places.published.read_bytes()[:100_000])
        wal_of(target).write_bytes(b"half a log")
        raise DeadError

    with pytest.MonkeyPatch.context() as patched, pytest.raises(DeadError):
        patched.setattr(copying, "write", half)
        patched.setattr(publishing, "remove_unfinished", lambda places: None)
        publish(places, new)
    assert len(list(places.kept_builds.glob("*.unfinished*"))) == 2
    assert seen(places) == 1
    repair(places)
    assert_in_order(places)
    publish(places, new)
    assert seen(places) == 2
    assert_in_order(places)


@engines
def test_a_crash_during_a_rollback_leaves_it_done_or_to_be_done_again(tmp_path: Path, target: str) -> None:
    start, outcomes = Start(tmp_path, 2, target), []
    for at in range(100):
        places = start.copy(at)
        with failing(at, DeadError) as operations, contextlib.suppress(DeadError):
            rollback(places)
        found = seen(places)
        repair(places)
        assert seen(places) == found, at
        assert_in_order(places)
        if found == 2:
            assert went_back(places) == (2, 1), at
        assert seen(places) == 1
        assert [build.is_withdrawn for build in kept(places)] == [True, False], at
        assert_in_order(places)
        outcomes.append(found)
        if not operations.reached():
            break
    assert set(outcomes) == {1, 2}


@engines
def test_an_error_during_a_rollback_is_told_as_what_it_left(tmp_path: Path, target: str) -> None:
    start, outcomes = Start(tmp_path, 2, target), []
    for at in range(100):
        places = start.copy(at)
        with failing(at, OSError) as operations:
            try:
                rollback(places)
                assert seen(places) == 1, at
            except PublishError:
                assert seen(places) == 2, at
                assert not kept(places)[0].is_withdrawn, at
        repair(places)
        assert_in_order(places)
        outcomes.append(seen(places))
        if not operations.reached():
            break
    assert set(outcomes) == {1, 2}


def test_a_log_of_another_file_breaks_neither_repair_nor_publish(places: Places, tmp_path: Path) -> None:
    """Left by someone who opened a file to write, and was killed."""
    other = tmp_path / "other.duckdb"
    killed = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('create table t (i int)'); os._exit(9)"
    with duckdb.connect(str(other)) as connection:
        connection.execute("create table s as select 1 as i")
    subprocess.run([sys.executable, "-c", killed, str(other)], check=False)
    log, beside = wal_of(other), wal_of(places.published)
    assert log.stat().st_size > 0
    for heal, number in ((repair, 1), (lambda places: publish_new(places, 2), 2)):
        if number == 1:
            publish_new(places, 1)
        shutil.copy(log, beside)
        with pytest.raises(duckdb.Error):
            seen(places)
        heal(places)
        assert seen(places) == number
        assert_in_order(places)


# A full disk


def assert_a_full_disk_changes_nothing(places: Places, publish_big: Callable[[], None]) -> None:
    assert seen(places) == 1
    before = {path: sha256(path) for path in places.published.parent.rglob("*") if path.is_file()}
    publish_big()
    assert {path: sha256(path) for path in places.published.parent.rglob("*") if path.is_file()} == before
    assert seen(places) == 1
    assert_in_order(places)


def test_a_full_disk_stops_the_publish_and_keeps_the_last_good_file(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    small = places.published.parent
    small.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        publish_new(places, 1)
        big = build(places, 2, incompressible_bytes=6_000_000)

        def publish_big() -> None:
            with pytest.raises(PublishError, match="could not be written, and is what it was"):
                publish(places, big)

        assert_a_full_disk_changes_nothing(places, publish_big)
        publish_new(places, 3)
        assert seen(places) == 3
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_limit_on_the_size_of_files_stops_the_publish_and_keeps_the_last_good_file(places: Places) -> None:
    publish_new(places, 1)
    big = build(places, 2, incompressible_bytes=6_000_000)
    limited = """
import resource, sys
from stammkunde.shops import find_places
from orchestration.publish.builds import PublishError
from orchestration.publish.publish import publish
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    publish(find_places(), sys.argv[1])
except PublishError as error:
    sys.exit(f"not published: {error}")
"""

    def publish_big() -> None:
        command = [sys.executable, "-c", limited, big]
        environment = {**os.environ, **places.environment()}
        finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert finished.returncode == 1, finished.stderr
        assert finished.stderr.startswith(
            f"not published: {places.published}: could not be written, and is what it was"
        )

    assert_a_full_disk_changes_nothing(places, publish_big)
    publish(places, big)
    assert published_build(places.published) == big


# Readers

READER = """
import json, sys
from pathlib import Path
import duckdb

published, own = sys.argv[1], Path(sys.argv[2])
seen, errors, mixed, reads = set(), [], [], 0
while not errors and not mixed:
    last = own.with_suffix(".stop").exists()
    try:
        with duckdb.connect(published, read_only=True) as connection:
            build_id = connection.execute("select build_id from marts.build").fetchall()[0][0]
            orders = connection.execute("select count(*), sum(marker) from marts.orders").fetchall()[0]
            customers = connection.execute("select count(*), sum(marker) from marts.customers").fetchall()[0]
    except Exception as error:
        errors.append(repr(error))
        break
    number = int(build_id[13:15])
    if orders != (ORDERS, ORDERS * number) or customers != (CUSTOMERS, CUSTOMERS * number):
        mixed.append([build_id, orders, customers])
    seen.add(number)
    reads += 1
    with own.with_suffix(".reads").open("a") as progress:
        progress.write(".")
    if last:
        break
print(json.dumps({"seen": sorted(seen), "errors": errors, "mixed": mixed, "reads": reads}))
"""
READER = READER.replace("ORDERS", str(ORDERS)).replace("CUSTOMERS", str(CUSTOMERS))


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def test_eight_readers_see_every_build_whole_during_twenty_publishes(places: Places, tmp_path: Path) -> None:
    publish_new(places, 1)
    own = [tmp_path / f"reader_{number}" for number in range(8)]
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(places.published), str(path)], stdout=subprocess.PIPE, text=True
        )
        for path in own
    ]

    def reads(path: Path) -> int:
        progress = path.with_suffix(".reads")
        return progress.stat().st_size if progress.exists() else 0

    def everybody_reads_on(times: int) -> None:
        """Of two more reads of a reader the second began after now."""
        before = [reads(path) for path in own]
        wait_until(
            lambda: all(
                reads(path) >= count + times or reader.poll() is not None
                for path, count, reader in zip(own, before, readers, strict=True)
            ),
            "a reader stands still",
        )

    try:
        everybody_reads_on(1)
        for number in range(2, 22):
            publish_new(places, number)
            everybody_reads_on(2)
        for path in own:
            path.with_suffix(".stop").touch()
        found = [json.loads(reader.communicate(timeout=120)[0]) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
    for reader in found:
        assert reader["errors"] == []
        assert reader["mixed"] == []
        assert reader["seen"] == list(range(1, 22))
        assert reader["reads"] > 40
    assert_in_order(places)


def test_a_reader_that_keeps_the_file_open_holds_nobody_up_and_keeps_its_build(places: Places) -> None:
    publish_new(places, 1)
    reader = """
import sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
for _ in sys.stdin:
    print(connection.execute("select sum(marker), (select build_id from marts.build) from marts.orders").fetchall())
    sys.stdout.flush()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", reader, str(places.published)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout

    def ask() -> str:
        process.stdin.write("now\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    try:
        expected = str([(ORDERS, build_of(1))])
        assert process.stdout.readline() == "open\n"
        for number in range(2, 9):  # more than are kept
            publish_new(places, number)
            assert seen(places) == number
            assert ask() == expected
    finally:
        process.kill()
        process.communicate()
    assert_in_order(places)
