"""Write, audit, publish: the schema `marts` goes into a new file that is renamed over the published one.

Readers open the published path and see the last build or the new one, whole. Nothing is ever written into a file that
they may have open, so nobody waits for anybody. The last builds are kept beside it for a rollback.

Where another engine built the marts, its Parquet files are published too: a link beside the file leads to those of the
published build.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from intake.reading import name, quoted
from orchestration.places import Places
from orchestration.raw import content_hash
from orchestration.targets import on_spark

STORAGE_VERSION = "v1.4.0"  # the newest that DuckDB 1.x readers open, which most BI drivers are
MEMORY = "1500MB"
UNFINISHED = ".unfinished"
KEPT_BUILDS = 5
BUILD_IDS = "[0-9]*T[0-9]*Z-*"  # names of kept files and folders; nothing else in their folder is ours


class PublishError(Exception):
    """Nothing was published; the text says why and what to do."""


@dataclass(frozen=True)
class Kept:
    """One published build that is kept: its file and its manifest."""

    file: Path
    manifest: Mapping[str, object]

    @property
    def build_id(self) -> str:
        return str(self.manifest["build_id"])

    @property
    def parquet(self) -> Path:
        """The folder of its Parquet files; only builds of another engine than DuckDB have one."""
        return self.file.with_suffix("")

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was rolled back: later builds are not compared with it."""
        return bool(self.manifest.get("withdrawn_at"))


def kept_builds_limit() -> int:
    """How many builds are kept, the published one included (STAMMKUNDE_KEPT_BUILDS, at least 1)."""
    given = os.environ.get("STAMMKUNDE_KEPT_BUILDS", str(KEPT_BUILDS))
    if not given.isdigit() or int(given) < 1:
        raise PublishError(f"STAMMKUNDE_KEPT_BUILDS is '{given}'; it must be a whole number from 1 on")
    return int(given)


def publish(places: Places, build_id: str, facts: Mapping[str, object] | None = None) -> dict[str, object]:
    """Publish the marts of the warehouse, which must be those of `build_id`. Gives the manifest.

    Raises PublishError; the published file then is what it was.
    """
    limit = kept_builds_limit()
    has_parquet = on_spark(places.target)
    if has_parquet:
        check_way(places)
    file = places.kept_builds / f"{build_id}.duckdb"
    unfinished = beside_of(file)
    try:
        places.kept_builds.mkdir(parents=True, exist_ok=True)
        remove_unfinished(places)
        tables = write(places.warehouse, unfinished, build_id)
        audit(unfinished, tables, build_id)
        if has_parquet:
            link_files(places.collected / "marts", beside_of(file.with_suffix("")))
        manifest = {
            "build_id": build_id,
            "published_at": now(),
            **(facts or {}),
            "tables": tables,
            "bytes": unfinished.stat().st_size,
            "sha256": content_hash(unfinished),
            "storage_version": STORAGE_VERSION,
            "parquet": has_parquet,
        }
        to_disk(unfinished)
        unfinished.chmod(0o444)  # opened to write, by mistake, it would lock out every other reader
        unfinished.replace(file)
        if has_parquet:
            remove(file.with_suffix(""))
            beside_of(file.with_suffix("")).replace(file.with_suffix(""))
        write_json(file.with_suffix(".json"), manifest)
        put_in_place(places, file, manifest)
    except (OSError, duckdb.Error) as error:
        raise unchanged(places, error) from error
    finally:
        with suppress(OSError):
            remove_unfinished(places)
    with suppress(OSError):  # readers have the new build: one too many that is kept is for the next time
        for old in kept(places)[limit:]:
            forget(old)
    return manifest


def unchanged(places: Places, error: Exception) -> PublishError:
    return PublishError(f"{places.published}: could not be written, and is what it was: {' '.join(str(error).split())}")


def write(warehouse: Path, target: Path, build_id: str) -> dict[str, int]:
    """Write every mart into a new file. Gives the rows of each."""
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        # Views name the catalog that they were made in: the warehouse keeps its name.
        source = name(warehouse.stem)
        connection.execute(f"attach {quoted(str(warehouse))} as {source} (read_only)")
        check_build(connection, f"{source}.marts.build", build_id, warehouse)
        connection.execute(
            f"attach {quoted(str(target))} as being_published (storage_version {quoted(STORAGE_VERSION)})"
        )
        connection.execute("create schema being_published.marts")
        connection.execute(f"use {source}")
        found = connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = ? and table_schema = 'marts' order by 1",
            [warehouse.stem],
        ).fetchall()
        tables = {}
        for (table,) in found:
            copied = connection.execute(
                f"create table being_published.marts.{name(table)} as select * from {source}.marts.{name(table)}"
            ).fetchall()
            tables[table] = copied[0][0]
        connection.execute("detach being_published")
    return tables


def link_files(folder: Path, target: Path) -> None:
    """A folder with the same Parquet files, without their contents a second time where that can be."""
    marks = shutil.ignore_patterns("_*", ".*")  # Spark's own beside the data
    try:
        shutil.copytree(folder, target, copy_function=os.link, ignore=marks)
    except OSError:  # another file system, or one without links
        remove(target)
        shutil.copytree(folder, target, ignore=marks)
    for file in target.rglob("*.parquet"):
        to_disk(file)


def check_build(connection: duckdb.DuckDBPyConnection, table: str, build_id: str, file: Path) -> None:
    try:
        found = connection.execute(f"select build_id from {table}").fetchall()
    except duckdb.CatalogException as error:
        raise PublishError(f"{file}: holds no build: run a refresh (make run)") from error
    if found != [(build_id,)]:
        raise PublishError(
            f"{file}: holds another build than the one that was checked ({build_id}): was dbt run meanwhile? "
            "Run a refresh (make run)"
        )


def audit(file: Path, tables: Mapping[str, int], build_id: str) -> None:
    """Read the new file as its readers will."""
    if wal_of(file).exists():
        raise PublishError(f"{file}: was not closed properly: its write-ahead log is still there")
    with duckdb.connect(str(file), read_only=True) as connection:
        check_build(connection, "marts.build", build_id, file)
        for table, rows in tables.items():
            found = connection.execute(f"select count(*) from marts.{name(table)}").fetchall()[0][0]
            if found != rows:
                raise PublishError(f"{file}: marts.{table} has {found:,} rows instead of {rows:,}")


def put_in_place(places: Places, file: Path, manifest: Mapping[str, object]) -> None:
    """Make a kept build the published one, by one rename. Whatever needs space on the disk comes before it."""
    beside = beside_of(places.published)
    beside.unlink(missing_ok=True)
    prepare_link(places, file.with_suffix(""))
    write_beside(places.manifest, manifest)
    try:
        os.link(file, beside)
    except OSError:  # a file system without links
        shutil.copyfile(file, beside)
        to_disk(beside)
    # A log left by someone who opened the published file to write belongs to the old file, and would break the new one.
    wal_of(places.published).unlink(missing_ok=True)
    to_disk(file.parent)
    beside.replace(places.published)
    with suppress(OSError):  # readers have it; repair sets right what is missing
        put_link_in_place(places)
        beside_of(places.manifest).replace(places.manifest)
        to_disk(places.published.parent)


def prepare_link(places: Places, folder: Path) -> None:
    """Lay a link to a build's Parquet files, if it has any, beside the one that readers follow."""
    beside = beside_of(places.published_parquet)
    beside.unlink(missing_ok=True)
    if folder.is_dir():
        beside.symlink_to(Path(folder.parent.name) / folder.name)


def put_link_in_place(places: Places) -> None:
    """Lead readers to the Parquet files of the build; away from those of another where it has none."""
    link = places.published_parquet
    if beside_of(link).is_symlink():
        beside_of(link).replace(link)
    elif link.is_symlink():
        link.unlink()


def check_way(places: Places) -> None:
    """Raises PublishError where something else lies where the link to the Parquet files belongs."""
    link = places.published_parquet
    if link.exists() and not link.is_symlink():
        raise PublishError(f"{link}: is in the way of the link to the Parquet files. Move it, or publish elsewhere")


def rollback(places: Places) -> tuple[str, str]:
    """Bring the build before the published one back. Gives the ids of both. Raises PublishError."""
    current = published_build(places)
    builds = [build for build in kept(places) if not build.is_withdrawn]
    ids = [build.build_id for build in builds]
    if current not in ids:
        raise PublishError(f"{places.published}: there is no published build to go back from")
    earlier = builds[ids.index(current) + 1 :]
    if not earlier:
        raise PublishError(f"{places.kept_builds}: no build before {current} is kept")
    chosen, withdrawn = earlier[0], builds[ids.index(current)]
    if content_hash(chosen.file) != chosen.manifest["sha256"]:
        raise PublishError(f"{chosen.file}: was changed since it was published, and is not brought back")
    try:
        write_json(withdrawn.file.with_suffix(".json"), {**withdrawn.manifest, "withdrawn_at": now()})
        put_in_place(places, chosen.file, chosen.manifest)
    except OSError as error:
        with suppress(OSError):
            repair(places)
        raise unchanged(places, error) from error
    return current, chosen.build_id


def kept(places: Places) -> list[Kept]:
    """The builds that are kept, the latest first."""
    found = []
    for manifest in sorted(places.kept_builds.glob("*.json"), reverse=True):
        file = manifest.with_suffix(".duckdb")
        if file.exists():
            found.append(Kept(file, json.loads(manifest.read_text(encoding="utf-8"))))
    return found


def baseline(places: Places, shop: str, settings_hash: str) -> Kept | None:
    """The latest published build of the same shop and settings that was not rolled back."""
    current = published_build(places)
    for build in kept(places):
        same = build.manifest.get("shop") == shop and build.manifest.get("settings_hash") == settings_hash
        if same and not build.is_withdrawn and (current is None or build.build_id <= current):
            return build
    return None


def published_build(places: Places) -> str | None:
    """Which build readers see; None where nothing is published."""
    if not places.published.exists():
        return None
    with opened_published(places) as connection:
        return connection.execute("select build_id from marts.build").fetchall()[0][0]


@contextmanager
def opened_published(places: Places) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file as readers open it. Raises PublishError where it is none."""
    try:
        with duckdb.connect(str(places.published), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise PublishError(f"{places.published}: cannot be read: {' '.join(str(error).split())}") from error


def repair(places: Places) -> None:
    """Finish what a crash left: unfinished files and builds that nobody saw go, the manifest says what is published.

    A rollback that did not come to its rename did not happen. A write-ahead log beside the published file is not of a
    refresh, and may be of another file than the one that lies there now: nobody could open it then.
    """
    remove_unfinished(places)
    wal_of(places.published).unlink(missing_ok=True)
    current = published_build(places)
    if current is None:
        return
    with suppress(OSError):  # what is in its way is told of by publish
        prepare_link(places, places.kept_builds / current)
        put_link_in_place(places)
    known = json.loads(places.manifest.read_text(encoding="utf-8")) if places.manifest.exists() else {}
    for build in kept(places):
        manifest = {key: value for key, value in build.manifest.items() if key != "withdrawn_at"}
        if build.build_id == current and build.is_withdrawn:
            write_json(build.file.with_suffix(".json"), manifest)
        if build.build_id == current and known.get("build_id") != current:
            write_json(places.manifest, manifest)
        if build.build_id > current and not build.is_withdrawn:
            forget(build)


def remove_unfinished(places: Places) -> None:
    for folder in (places.kept_builds, places.published.parent):
        for left in folder.glob(f"*{UNFINISHED}*"):
            remove(left)
    for file in places.kept_builds.glob(BUILD_IDS):
        if not file.with_suffix(".json").exists():  # a crash before its manifest was written
            remove(file)


def forget(build: Kept) -> None:
    """The manifest goes first: after a crash between them, files without one are removed as unfinished."""
    build.file.with_suffix(".json").unlink(missing_ok=True)
    remove(build.file)
    remove(build.parquet)


def remove(path: Path) -> None:
    """Take away a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def wal_of(file: Path) -> Path:
    return file.with_name(file.name + ".wal")


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Written beside and renamed, as everything that others read."""
    write_beside(path, content)
    beside_of(path).replace(path)


def write_beside(path: Path, content: Mapping[str, object]) -> None:
    beside_of(path).write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    to_disk(beside_of(path))


def beside_of(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED)


def to_disk(path: Path) -> None:
    """What was written survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
