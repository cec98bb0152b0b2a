"""Faults are injected into every file of a warehouse: a refresh goes on and says what was set aside, or it says why not.

In neither case is it silent: the cause is on the terminal, in the history where that can be written, and at the webhook.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.launch import prepare_instance
from orchestration.mending import BEFORE_DAGSTER, CHECKS, found_places
from orchestration.outage import OutageError, outage_told
from orchestration.progress import Telling
from orchestration.session import refresh_session
from orchestration.state import State
from stammkunde.database import wal_of
from stammkunde.files import UNREADABLE
from stammkunde.places import Places
from stammkunde.published import published_build
from stammkunde.request import RefreshRequest
from stammkunde.shops import FILE
from tests.refreshes import RefreshServer, clean_environment, folder_of, last_build, places_in, webhook

GARBAGE = b"\x00\xffthis is no file of ours\n" * 40
SET_ASIDE, NOTHING = UNREADABLE.strip(".-"), ""


# What can happen to a file


def missing(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    new(path, b"")


def garbage(path: Path) -> None:
    new(path, GARBAGE)


def truncated(path: Path) -> None:
    new(path, path.read_bytes()[: path.stat().st_size // 2])


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path / "inside").mkdir(parents=True)


def a_list(path: Path) -> None:
    new(path, b"[1, 2]")


def of_another_version(path: Path) -> None:
    """Its columns have other names and types: nothing in it is understood."""
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'many' as orders, 1 as number) to '{path}' (format parquet)")


def overwritten(path: Path) -> None:
    """In place: a build that is kept is the same file."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(GARBAGE)


def new(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def a_file(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.write_bytes(GARBAGE)


def removed(path: Path) -> None:
    shutil.rmtree(path)


def a_dead_link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/where/no/disk/is/mounted")


# The faults


@dataclass(frozen=True)
class Fault:
    """Something that happens to a file of the warehouse. A refresh `says` what it set aside, and goes on; where it says
    nothing, it just makes the file again. Where a person is needed, it `stops` with a cause."""

    name: str
    happens: Callable[[Path], None]
    to: Callable[[Places], Path]
    says: str = NOTHING
    stops: str = NOTHING

    def inject(self, places: Places) -> None:
        self.to(places).parent.mkdir(parents=True, exist_ok=True)
        self.happens(self.to(places))


def kept_file(places: Places) -> Path:
    return next(places.kept_builds.glob("*.duckdb"))


def kept_manifest(places: Places) -> Path:
    return next(places.kept_builds.glob("*.json"))


def faults() -> Iterator[Fault]:
    def table(name: str) -> Callable[[Places], Path]:
        return lambda places: State(places).path(name)

    for name in ("builds", "validation_results", "raw_entities", "published_orders"):
        for happens in (empty, garbage, truncated, a_folder, of_another_version):
            yield Fault(f"{name}-{happens.__name__}", happens, table(name), f"{name}.parquet{UNREADABLE}1")
        yield Fault(f"{name}-missing", missing, table(name), "builds.parquet is gone" if name == "builds" else NOTHING)
    for happens in (empty, garbage, truncated, a_folder, a_list):
        yield Fault(f"shops-{happens.__name__}", happens, lambda places: places.records / FILE, f"{FILE}{UNREADABLE}1")
    yield Fault("shops-missing", missing, lambda places: places.records / FILE, "rebuilt from the history")

    for happens in (empty, garbage, truncated, a_folder):
        yield Fault(f"published-{happens.__name__}", happens, lambda places: places.published, "published again")
    yield Fault("published-missing", missing, lambda places: places.published, "published again")
    yield Fault("published-overwritten", overwritten, lambda places: places.published, "no build that is whole is kept")
    for happens in (missing, empty, garbage, a_folder, a_list):
        yield Fault(f"manifest-{happens.__name__}", happens, lambda places: places.manifest, "retention.json")

    for happens in (empty, garbage, a_folder, a_list):
        yield Fault(f"kept_manifest-{happens.__name__}", happens, kept_manifest, ".json")
    yield Fault("kept_manifest-missing", missing, kept_manifest)
    yield Fault("kept_file-missing", missing, kept_file, "tells of a build that is gone")
    yield Fault("kept_file-a_folder", a_folder, kept_file, "tells of a build that is gone")
    for happens in (empty, garbage, truncated):
        yield Fault(f"kept_file-{happens.__name__}", happens, kept_file)
    yield Fault("kept_builds-removed", removed, lambda places: places.kept_builds)
    yield Fault("kept_builds-a_file", a_file, lambda places: places.kept_builds, f"builds{UNREADABLE}1")

    for happens in (empty, garbage, a_folder):
        yield Fault(f"warehouse-{happens.__name__}", happens, lambda places: places.warehouse, f"{UNREADABLE}1")
    for happens in (missing, truncated):
        yield Fault(f"warehouse-{happens.__name__}", happens, lambda places: places.warehouse)
    yield Fault(
        "warehouse-a_dead_link", a_dead_link, lambda places: places.warehouse, stops="a link that leads nowhere"
    )
    yield Fault("log_of_warehouse-garbage", garbage, lambda places: wal_of(places.warehouse))
    yield Fault("log_of_published-garbage", garbage, lambda places: wal_of(places.published))

    for name in ("state", "records"):
        lost = "builds.parquet is gone" if name == "records" else NOTHING
        yield Fault(f"{name}-removed", removed, lambda places, name=name: getattr(places, name), lost)
        yield Fault(
            f"{name}-a_file",
            a_file,
            lambda places, name=name: getattr(places, name),
            f".{name} is not what belongs there",
        )
    for name in ("data_docs", "prepared", "dagster_home", "rebuilt"):
        yield Fault(f"{name}-a_file", a_file, lambda places, name=name: getattr(places, name), f"{UNREADABLE}1")
    yield Fault("lock-a_folder", a_folder, lambda places: places.lock, f"refresh.lock{UNREADABLE}1")
    yield Fault("history_lock-a_folder", a_folder, lambda places: places.history_lock, f"history.lock{UNREADABLE}1")
    for name in ("history/runs.db", "history/runs/index.db"):
        for happens in (garbage, truncated):
            yield Fault(
                f"{Path(name).stem}-{happens.__name__}", happens, lambda places, name=name: places.dagster_home / name,
                f"dagster{UNREADABLE}1",
            )  # fmt: skip
    for happens in (garbage, empty):
        yield Fault(
            f"dbt_manifest-{happens.__name__}", happens, lambda places: places.dbt_target / "manifest.json",
            "dbt reads all models again",
        )  # fmt: skip
    yield Fault("partial_parse-garbage", garbage, lambda places: places.dbt_target / "partial_parse.msgpack")
    yield Fault(
        "run_results-a_folder", a_folder, lambda places: places.dbt_target / "run_results.json", f"{UNREADABLE}1"
    )


FAULTS = list(faults())
OF_TOOLS = ("runs", "index", "dbt_manifest", "partial_parse", "run_results", "dagster_home")
QUICK = ("builds-garbage", "published-truncated", "shops-folder", "warehouse-a_dead_link")


def ailing(places: Places) -> list[str]:
    return [str(ailment) for check in (*BEFORE_DAGSTER, *CHECKS) for ailment in check(places)]


def test_there_are_enough_of_them_and_each_has_a_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60


# What a refresh begins with, without the rest of it


@pytest.fixture
def begun(shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A copy of the shop, whose warehouse is all that the environment names."""
    shutil.copytree(folder_of(shop), tmp_path / "shop", symlinks=True)
    places = places_in(tmp_path / "shop")
    link_again(places)
    for name in list(os.environ):
        if name not in clean_environment():
            monkeypatch.delenv(name)
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(places.warehouse))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(places.published))
    monkeypatch.setenv("no_proxy", "*")
    return places


def link_again(places: Places) -> None:
    """A published file and its kept build are one file with two names, which a copy of them is not."""
    file = kept_file(places)
    file.unlink()
    os.link(places.published, file)


def begin(places: Places) -> list[str]:
    """Begin a refresh as run and Dagster's page do, end it as if all had been well, and give what it said."""
    said: list[str] = []
    with outage_told(places, RefreshRequest(), said.append):
        prepare_instance(places)
        found = found_places()
    with refresh_session(found, "run", RefreshRequest(), Telling(said.append)) as session:
        session.done.append("publish")
    return said


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if not fault.name.startswith(OF_TOOLS)], ids=lambda fault: fault.name
)
def test_a_refresh_begins_and_says_what_was_set_aside_or_does_not_and_says_why(
    fault: Fault, begun: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = last_build(begun)
    fault.inject(begun)
    with webhook() as (address, received):
        monkeypatch.setenv("STAMMKUNDE_WEBHOOK", address)
        if fault.stops:
            with pytest.raises(OutageError, match=fault.stops):
                begin(begun)
        else:
            begin(begun)
    build = last_build(begun)
    if fault.stops:
        assert build["outcome"] == "failed"
        assert fault.stops in str(build["reason"])
        assert fault.stops in received[0]["text"]
        return
    assert build["outcome"] == "published"
    assert fault.says in str(build["mended"] or "")
    assert bool(build["mended"]) == bool(fault.says)
    assert len(received) == bool(fault.says)
    if fault.says:
        assert "Something was put right before" in received[0]["text"]
    assert ailing(begun) == []
    assert State(begun).rows("builds")[0]["build_id"] == first["build_id"]
    if fault.name not in ("published-overwritten",):
        assert published_build(begun.published) == first["build_id"]


# Whole refreshes

SLICE = ("builds-garbage", "published-truncated", "warehouse-a_dead_link")


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, marks=() if fault.name in SLICE else pytest.mark.long, id=fault.name) for fault in FAULTS],
)
def test_a_refresh_gets_through_or_says_why(fault: Fault, places: Places, server: RefreshServer) -> None:
    link_again(places)
    first = last_build(places)
    fault.inject(places)
    with webhook() as (address, received):
        status, output = server.run(places, {"STAMMKUNDE_WEBHOOK": address})
        build = last_build(places)
        assert "Traceback" not in output
        if fault.stops:
            assert (status, build["outcome"]) == (1, "failed"), output
            assert fault.stops in output and fault.stops in str(build["reason"]) and fault.stops in received[0]["text"]
            fault.to(places).unlink()
            status, output = server.run(places)
            build = last_build(places)
    assert (status, build["outcome"]) == (0, "published"), output
    if not fault.stops:
        assert fault.says in str(build["mended"] or "")
        assert bool(received) == bool(build["mended"])
    assert ailing(places) == []
    history = State(places).rows("builds")
    assert history[0]["build_id"] == first["build_id"]
    assert published_build(places.published) == history[-1]["build_id"]
    assert {"published"} == {row["outcome"] for row in history} - {"failed"}
