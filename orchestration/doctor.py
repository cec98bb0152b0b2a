"""Looks at all of a warehouse, says what is wrong and what can be done, and mends what can be mended.

It looks where a refresh looks before it begins (orchestration/mending.py), and at what would cost a refresh too much
time or is a person's to decide. It never removes records.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from intake.find import mapping_of
from orchestration.left_behind import given_up, unreadable
from orchestration.mending import BEFORE_DAGSTER, CHECKS, Ailment, Check
from orchestration.notify import fault_of_webhook
from orchestration.outage import locked, made_way
from orchestration.publish.builds import Kept, kept
from orchestration.publish.place import repair
from orchestration.quality.thresholds import load_thresholds
from orchestration.targets import check_installed
from stammkunde import settings
from stammkunde.database import LOCKED
from stammkunde.environment import environment
from stammkunde.errors import PublishedFileError, StammkundeError
from stammkunde.files import (
    PASSED_FOLDER,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    PUBLIC_FILE,
    PUBLIC_FOLDER,
    PUBLISHED_FILE,
    set_aside,
)
from stammkunde.places import Places
from stammkunde.shops import check_source, find_places

ROOM = 2  # times the size of the warehouse that must be free: a refresh writes a second one, and a copy of the marts


@dataclass(frozen=True)
class Finding:
    """What is wrong, and what was done or is to be done."""

    text: str
    is_left: bool

    def __str__(self) -> str:
        return self.text


def look_over(places: Places, *, mend: bool = False) -> Iterator[Finding]:
    """Everything that is wrong, in the order in which it is mended."""
    with ExitStack() as held:
        if mend:
            for text in list(made_way(places)):
                yield Finding(f"{text} (done)", is_left=False)
            held.enter_context(locked(places, print))
        own = () if mend else (lock,)  # else it is held here
        for check in (*own, *BEFORE_DAGSTER, *CHECKS, *ONLY_DOCTOR):
            for ailment in check(places):
                yield finding(ailment, mend=mend)
        yield from left_aside(places)
        if mend:
            try:
                repair(places)
            except PublishedFileError as error:
                yield Finding(str(error), is_left=True)


def finding(ailment: Ailment, *, mend: bool) -> Finding:
    if ailment.mend is None:
        return Finding(f"{ailment.text}. To do: {ailment.remedy}", is_left=True)
    if not mend:
        return Finding(f"{ailment.text}. doctor --mend, and the next refresh: {ailment.remedy}", is_left=True)
    try:
        ailment.mend()
    except OSError as error:
        return Finding(f"{ailment.text}, and cannot be mended: {error}", is_left=True)
    return Finding(f"{ailment.text}. Done: {ailment.remedy}", is_left=False)


# What a refresh does not look at before it begins


def checksums(places: Places) -> Iterator[Ailment]:
    """A kept build that is not what was published is passed over by rollback; it takes the place of a good one."""
    for build in kept(places):
        if not build.is_whole:
            yield Ailment(
                f"{build.file} is not what was published (checksum)", "set aside with its manifest", move_away(build)
            )


def move_away(build: Kept) -> Callable[[], None]:
    def work() -> None:
        set_aside(build.file.with_suffix(".json"))
        set_aside(build.file)

    return work


def link(places: Places) -> Iterator[Ailment]:
    """The link that readers of Parquet files follow."""
    path = places.published_parquet
    if path.is_symlink() and not path.exists():
        yield Ailment(f"{path} is a link that leads nowhere", "laid again, if the build has Parquet files", path.unlink)
    elif path.exists() and not path.is_symlink():
        yield Ailment(f"{path} is in the way of the link to the Parquet files", "move it, or publish elsewhere")


def lock(places: Places) -> Iterator[Ailment]:
    """Somebody works in the warehouse. A lock that nobody holds is free, whatever lies there."""
    if not places.lock.is_file():
        return
    other = FileLock(places.lock)
    try:
        other.acquire(timeout=0)
    except Timeout:
        yield Ailment(f"{places.lock} is held", "a refresh runs, or doctor --mend does: wait for it")
    else:
        other.release()


def what_is_given(places: Places) -> Iterator[Ailment]:
    """Variables, the shop's folder, its mapping, settings and thresholds: as a refresh would read them."""
    for work in (environment, webhook, look_at_source, load_thresholds):
        try:
            work()
        except StammkundeError as error:
            yield Ailment(str(error).rstrip("."), "correct it")


def look_at_source() -> None:
    found = find_places()
    check_installed(found.target)
    check_source(found)
    if found.raw and not found.raw.is_dir():
        raise StammkundeError(f"raw folder {found.raw}: is not there. Name the folder that holds the exports (--raw)")
    mapping = mapping_of(found.raw, found.mapping) if found.raw else None
    overridden = settings.overrides(mapping.settings if mapping else {})
    settings.check(overridden, str(mapping.path) if mapping else "the command line")


def webhook() -> None:
    """Raises StammkundeError where messages would go nowhere."""
    if fault := fault_of_webhook():
        raise StammkundeError(fault)


def permissions(places: Places) -> Iterator[Ailment]:
    """Figures are for their readers, all else is for its owner."""
    private = [
        places.warehouse, places.state, places.records, places.prepared, places.collected, places.addresses,
    ]  # fmt: skip
    for path in private:
        if path.exists() and path.stat().st_mode & 0o077:
            mode = PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE
            yield Ailment(f"{path} can be read by others", "given to its owner alone", set_mode(path, mode))
    kept_here, folder = places.kept_builds, places.published.parent
    if kept_here.is_dir() and kept_here.stat().st_mode & 0o066:
        closed = set_mode(kept_here, PASSED_FOLDER)
        yield Ailment(f"{kept_here} can be looked into by others", "closed to them", closed)
    for path, mode in ((folder, PUBLIC_FOLDER), (places.published, PUBLISHED_FILE), (places.manifest, PUBLIC_FILE)):
        if path.exists() and not path.stat().st_mode & stat.S_IROTH:
            yield Ailment(f"{path} cannot be read by its readers", "opened to them", set_mode(path, mode))


def set_mode(path: Path, mode: int) -> Callable[[], None]:
    return lambda: path.chmod(mode)


def disk(places: Places) -> Iterator[Ailment]:
    """Whether another build fits."""
    size = places.warehouse.stat().st_size if places.warehouse.is_file() else 0
    for folder in {nearest(places.warehouse.parent), nearest(places.published.parent)}:
        free = shutil.disk_usage(folder).free
        if free < ROOM * size:
            yield Ailment(
                f"{folder} has {free / 1e9:,.1f} GB left, and a refresh may need {ROOM * size / 1e9:,.1f}", "make room"
            )


def nearest(folder: Path) -> Path:
    return folder if folder.exists() else nearest(folder.parent)


def whole_warehouse(places: Places) -> Iterator[Ailment]:
    """Every table of the working warehouse can be read to its end."""
    if not places.warehouse.is_file():
        return
    try:
        with duckdb.connect(str(places.warehouse), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall()
            for schema, table in tables:
                connection.execute(f'select count(columns(*)) from "{schema}"."{table}"').fetchall()
    except duckdb.Error as error:
        if LOCKED not in str(error).lower():
            yield Ailment(
                f"{places.warehouse} cannot be read to its end ({' '.join(str(error).split())[:160]})",
                "set aside; the next refresh builds it again",
                lambda: set_aside(places.warehouse),
            )


def left_aside(places: Places) -> Iterator[Finding]:
    """What was set aside stays until a person takes it away."""
    for path in unreadable(places):
        yield Finding(f"{path} was set aside. Take it away when it is of no more use", is_left=False)
    for path in given_up(places):
        yield Finding(f"{path} was given up for a backup. Take it away when it is of no more use", is_left=False)


ONLY_DOCTOR: tuple[Check, ...] = (checksums, link, what_is_given, permissions, disk, whole_warehouse)
