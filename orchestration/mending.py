"""What can be wrong with the files of a warehouse, and how it is put right: before each refresh, and by doctor.

What cannot be read is set aside under a name of its own, never removed, and rebuilt from what there is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
from pydantic import ValidationError

from orchestration.history import rebuilt_builds, sources_of
from orchestration.outage import locked, note_before
from orchestration.publish.builds import Kept, kept
from orchestration.publish.customer_states import TABLE as CUSTOMER_STATES
from orchestration.publish.customer_states import unfollow
from orchestration.publish.place import described, put_in_place, shop_of_readers
from orchestration.state import State, definitions, is_by_day, is_needed
from orchestration.targets import on_spark
from stammkunde.database import LOCKED, path_literal, wal_of
from stammkunde.errors import PublishedFileError, StammkundeError, one_line
from stammkunde.files import (
    PUBLIC_FILE,
    UNREADABLE,
    free_name,
    known_hash,
    read_json,
    remove,
    replaced,
    set_aside,
    write_json,
)
from stammkunde.places import Places, with_former_place
from stammkunde.published import published_row
from stammkunde.shops import FILE, SOURCES, ShopError, Source, are_one_shop, find_places, named, warehouse_places

NOT_BROKEN = (LOCKED, "permission denied", "no space left")  # in DuckDB's words: nothing is wrong with the file itself


@dataclass(frozen=True)
class Ailment:
    """Something that is wrong: what, and what is done about it, or what a person has to do."""

    text: str
    remedy: str
    mend: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}"


Check = Callable[[Places], Iterator[Ailment]]


def mended(places: Places, checks: Sequence[Check] | None = None) -> Iterator[str]:
    """Put right what can be, and say what. Raises StammkundeError for what a person has to put right first."""
    for check in CHECKS if checks is None else checks:
        for ailment in check(places):
            if not ailment.mend:
                raise StammkundeError(str(ailment))
            ailment.mend()
            yield str(ailment)


def found_places(raw: Path | None = None, mapping: Path | None = None, target: str | None = None) -> Places:
    """What find_places finds, once that can be read which says whose warehouse it is."""
    places = warehouse_places()
    if any(True for check in (shops, published_opens) for _ in check(places)):
        with locked(places, print):
            note_before(places, list(mended(places)))
    found = find_places(raw, mapping, target)
    lost = next(places.published.parent.glob(f"{places.published.name}{UNREADABLE}*"), None)
    if lost and not places.published.exists() and Source.of(found).is_sample and not named(raw).is_known:
        raise ShopError(
            f"{lost}: could not be read, and it is not known whose figures it holds: "
            "name the shop's folder once: stammkunde run --raw FOLDER (make run RAW=FOLDER)"
        )
    return found


# Folders and files


def folders(places: Places) -> Iterator[Ailment]:
    """Where a folder belongs lies something else, or one that cannot be written to."""
    expected = (
        places.state, places.records, places.dbt_target.parent, places.dbt_target, places.dagster_home,
        places.data_docs, places.prepared, places.collected, places.published.parent, places.kept_builds,
        places.rebuilt, *(State(places).days(table) for table in definitions() if is_by_day(table)),
    )  # fmt: skip
    for folder in expected:
        if os.path.lexists(folder) and not folder.is_dir():
            yield in_the_way(folder)
        elif folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Ailment(f"{folder} cannot be written to", "give it to the user who refreshes")


def files(places: Places) -> Iterator[Ailment]:
    """Where a file of a refresh belongs lies something else."""
    locks_and_notes = (places.lock, places.history_lock, places.mended_before)
    yield from not_files(
        *locks_and_notes, places.warehouse, wal_of(places.warehouse), places.published, places.manifest
    )


def files_of_tools(places: Places) -> Iterator[Ailment]:
    """Where a file of dbt or Dagster belongs lies something else."""
    of_dbt = ("manifest.json", "run_results.json", "partial_parse.msgpack")
    of_dagster = ("dagster.yaml", "last_run.log")
    yield from not_files(
        *(places.dbt_target / name for name in of_dbt), *(places.dagster_home / name for name in of_dagster)
    )


def not_files(*expected: Path) -> Iterator[Ailment]:
    for file in expected:
        if os.path.lexists(file) and not file.is_file():
            yield in_the_way(file)


def in_the_way(path: Path) -> Ailment:
    if path.is_symlink() and not path.exists():
        return Ailment(f"{path} is a link that leads nowhere", "bring back what it leads to, such as a disk")
    return aside(path, "is not what belongs there")


def aside(path: Path, why: str, then: str = "", mend: Callable[[], object] | None = None) -> Ailment:
    """A file or folder is set aside, and then rebuilt where that can be."""

    def work() -> None:
        set_aside(path)
        if mend:
            mend()

    return Ailment(f"{path} {why}", f"set aside as {free_name(path, UNREADABLE).name}{then}", work)


# Tables and known shops


def tables(places: Places) -> Iterator[Ailment]:
    """A table that cannot be read: the history is rebuilt, the others begin again."""
    state = State(places)
    for table in definitions():
        file, why = state.written(table), unreadable(state, table)
        if is_by_day(table):
            yield from days(state, table, why)
        elif why and is_needed(table):
            yield Ailment(f"{file} {why}", "bring it back from a backup (stammkunde restore); nothing stands for it")
        elif table == "builds" and (why or not file.exists()):
            yield from history(state, file, why)
        elif why:
            yield aside(file, why, "; it begins again")


def days(state: State, table: str, why: str | None) -> Iterator[Ailment]:
    """Days of a table that cannot be read: what is published has customers' states; nothing has lists."""
    found = [file for file in [state.path(table), *state.files_of_days(table)] if os.path.lexists(file)]
    for file in found if why else [file for file in found if not file.is_file()]:
        if why_not := no_parquet(file):
            if table == CUSTOMER_STATES:
                then = "; what is published of that day is written again"
                yield aside(file, why_not, then, partial(unfollow, state.places))
            else:
                yield aside(file, why_not, "; a backup may have it (stammkunde restore), nothing else does")


def unreadable(state: State, table: str) -> str | None:
    """Why a table cannot be read; None where it can, or nothing was written yet."""
    file = state.written(table)
    if not os.path.lexists(file):
        return None
    if not file.is_file():
        return "is not what belongs there"
    try:
        state.check(table)
    except duckdb.Error as error:
        return f"cannot be read ({first_words(error)})"
    return None


def history(state: State, file: Path, why: str | None) -> Iterator[Ailment]:
    """A history that cannot be read, or is gone, is rebuilt from what was published, if there is any."""
    rows = rebuilt_builds(state.places)
    then, write = f"{len(rows)} builds rebuilt from what was published", partial(state.write, "builds", rows)
    if why:
        yield aside(file, why, f", and {then}", write)
    elif rows:
        yield Ailment(f"{file} is gone", then, write)


def shops(places: Places) -> Iterator[Ailment]:
    """What the shops were read from cannot be read: the history tells it."""
    file = with_former_place(places, places.records / FILE)
    if not os.path.lexists(file):
        if known := shops_of_history(places):
            yield Ailment(f"{file} is gone", "rebuilt from the history", partial(write_shops, file, known))
        return
    try:
        SOURCES.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        then = ", and rebuilt from the history"
        yield aside(file, "cannot be read", then, lambda: write_shops(file, shops_of_history(places)))


def shops_of_history(places: Places) -> list[Source]:
    try:
        return sources_of(State(places).rows("builds"))
    except duckdb.Error:
        return []


def write_shops(file: Path, known: Sequence[Source]) -> None:
    if known:
        with replaced(file) as unfinished:
            unfinished.write_bytes(SOURCES.dump_json(list(known), indent=2))


# What is published


def published_opens(places: Places) -> Iterator[Ailment]:
    """The published file cannot be opened by its readers, or is gone."""
    if not places.published.exists():
        if places.manifest.exists() and (found := newest_whole(places)):
            yield Ailment(
                f"{places.published} is gone",
                f"build {found.build_id} is published again",
                lambda: put_in_place(places, found.file, found.manifest),
            )
        return
    if not places.published.is_file():
        yield from published_again(places, "is not what belongs there")
        return
    try:
        published_row(places.published)
    except PublishedFileError as error:
        if any(word in str(error).lower() for word in NOT_BROKEN):
            yield Ailment(str(error), "close it there, or let the user who refreshes read it")
        else:
            yield from published_again(places, f"cannot be read ({first_words(error.__cause__ or error)})")


def published(places: Places) -> Iterator[Ailment]:
    """The published file is not what was published, or nothing says what it holds."""
    ailing = list(published_opens(places))
    if ailing or not places.published.exists():
        yield from ailing
        return
    row = published_row(places.published)
    assert row
    own = [build.manifest for build in kept(places) if build.build_id == row["build_id"]]
    manifest = next((known for known in (read_json(places.manifest), *own) if fits(known, row["build_id"])), None)
    if manifest and known_hash(places.published) != manifest["sha256"]:
        yield from published_again(places, "was changed since it was published")
    elif not fits(read_json(places.manifest), row["build_id"]):
        yield Ailment(
            f"{places.manifest} does not say what is published",
            "written again",
            lambda: write_json(places.manifest, standing(manifest or described(places.published)), PUBLIC_FILE),
        )


def standing(manifest: Mapping[str, object]) -> dict[str, object]:
    """A manifest of a build that readers see: whatever a rollback that came to no end noted in it."""
    return {name: value for name, value in manifest.items() if name != "withdrawn_at"}


def fits(manifest: dict[str, object] | object, build_id: object) -> bool:
    return isinstance(manifest, dict) and manifest.get("build_id") == build_id and bool(manifest.get("sha256"))


def published_again(places: Places, why: str) -> Iterator[Ailment]:
    """The newest kept build that is whole takes the place of a published file that is not."""
    found = newest_whole(places)
    then = f", and build {found.build_id} published again" if found else "; no build that is whole is kept"

    def mend() -> None:
        wal_of(places.published).unlink(missing_ok=True)
        if found:
            put_in_place(places, found.file, found.manifest)

    yield aside(places.published, why, then, mend)


def newest_whole(places: Places) -> Kept | None:
    """The newest kept build of the shop that readers see, if that is known; else of the only shop that there is."""
    builds = [build for build in kept(places) if not build.is_withdrawn]
    shop, names = shop_of_readers(places), {build.shop for build in builds}
    if shop is not None:
        builds = [build for build in builds if are_one_shop(build.shop, shop, ())]
    elif len(names) > 1:
        return None
    return next((build for build in builds if build.is_whole), None)


def kept_builds(places: Places) -> Iterator[Ailment]:
    """Kept builds whose manifest or file cannot be read: nobody knows what they are."""
    if not places.kept_builds.is_dir():
        return
    current = read_json(places.manifest)
    for manifest in sorted(places.kept_builds.glob("*.json")):
        file = manifest.with_suffix(".duckdb")
        if not file.is_file():
            yield aside(manifest, "tells of a build that is gone")
        elif not fits(read_json(manifest), file.stem):
            if current.get("build_id") == file.stem and manifest.is_file():
                yield Ailment(f"{manifest} cannot be read", "written again", partial(write_json, manifest, current))
            else:
                yield aside(manifest, "cannot be read", "; its build with it", partial(set_aside, file))
    for file in sorted(places.kept_builds.glob("*.duckdb")):
        if not file.is_file():
            yield aside(file, "is not what belongs there")
    for build in kept(places):
        if os.path.lexists(build.excluded_orders) and (why := no_parquet(build.excluded_orders)):
            yield aside(build.excluded_orders, why, "; what did not count in that build is not compared")


def no_parquet(file: Path) -> str | None:
    """Why a Parquet file cannot be read; None where it can."""
    if not file.is_file():
        return "is not what belongs there"
    try:
        with duckdb.connect() as connection:
            connection.execute(f"select count(columns(*)) from read_parquet({path_literal(file)})").fetchall()
    except duckdb.Error as error:
        return f"cannot be read ({first_words(error)})"
    return None


# The working warehouse, dbt's and Dagster's own files: a refresh makes them again


def warehouse(places: Places) -> Iterator[Ailment]:
    """The working warehouse cannot be opened. It is kept: tables that dbt did not build may lie in it."""
    if not places.warehouse.is_file() or on_spark(places.target):
        return
    try:
        duckdb.connect(str(places.warehouse), read_only=True).close()
    except duckdb.Error as error:
        if any(word in str(error).lower() for word in NOT_BROKEN):
            return  # the step that builds tells of it, and tries again
        log = wal_of(places.warehouse)
        why = f"cannot be opened ({first_words(error)})"
        yield aside(places.warehouse, why, "; it is built again", lambda: set_aside(log) if log.exists() else None)


def dagster(places: Places) -> Iterator[Ailment]:
    """Dagster's own databases. Not looked at by a refresh that runs in them, but before it is started."""
    for file in sorted(places.dagster_home.rglob("*.db")):
        if why := broken_database(file):
            yield aside(places.dagster_home, f"cannot be read ({file.name}: {why})", "; its list of runs begins again")
            return


def broken_database(file: Path) -> str | None:
    """What is wrong with a database of SQLite; None where it is well, or somebody works in it."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            said = connection.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        return str(error) if "unable to open" in str(error) else None
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == "ok" else str(said)


def parsed(places: Places) -> Iterator[Ailment]:
    """dbt's manifest cannot be read: dbt writes it again."""
    file = places.dbt_target / "manifest.json"
    if file.is_file() and not read_json(file).get("nodes"):
        yield Ailment(f"{file} cannot be read", "dbt reads all models again", lambda: remove(places.dbt_target))


def first_words(error: BaseException) -> str:
    return one_line(error)[:160]


CHECKS: tuple[Check, ...] = (folders, files, tables, shops, published, kept_builds, warehouse)
BEFORE_DAGSTER: tuple[Check, ...] = (folders, files_of_tools, dagster, parsed)
