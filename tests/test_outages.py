"""Faults are injected into every file of a warehouse: a refresh goes on and says what was set aside, or says why not.

In neither case is it silent: the cause is on the terminal, in the history where that can be written, and at the
webhook.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
import typer
from filelock import FileLock
from pydantic import ValidationError
from typer.testing import CliRunner

from cli.app import app
from orchestration import launch
from orchestration.automation import last_fingerprint
from orchestration.launch import prepare_instance
from orchestration.mending import BEFORE_DAGSTER, CHECKS, found_places
from orchestration.outage import OutageError, outage_told
from orchestration.progress import Telling
from orchestration.publish.builds import kept
from orchestration.publish.customer_states import files_of_days
from orchestration.session import refresh_session
from orchestration.state import State
from stammkunde.database import wal_of
from stammkunde.errors import StammkundeError
from stammkunde.files import UNREADABLE, content_hash
from stammkunde.places import PROJECT, Places
from stammkunde.published import published_build
from stammkunde.request import RefreshRequest
from stammkunde.shops import FILE
from tests.refreshes import RefreshServer, content, last_build, link_again, named_copy, published_rows, webhook

SHOWN_DAY = "2025-06-30"  # as_of_date of the small shop
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


def headers_only(path: Path) -> None:
    """A DuckDB file without what its headers lead to. Whether half of one can be opened depends on where that lies."""
    new(path, path.read_bytes()[: 3 * 4096])


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


def day_of_states(places: Places) -> Path:
    return files_of_days(places)[-1]


def faults() -> Iterator[Fault]:
    def table(name: str) -> Callable[[Places], Path]:
        return lambda places: State(places).path(name)

    for name in ("builds", "validation_results", "raw_entities", "published_orders"):
        for happens in (empty, garbage, truncated, a_folder, of_another_version):
            yield Fault(f"{name}-{happens.__name__}", happens, table(name), f"{name}.parquet{UNREADABLE}1")
        yield Fault(f"{name}-missing", missing, table(name), "builds.parquet is gone" if name == "builds" else NOTHING)
    for name in ("erased_orders", "closed_months"):
        yield Fault(f"{name}-garbage", garbage, table(name), f"{name}.parquet{UNREADABLE}1")
    for happens in (empty, garbage, truncated, a_folder):
        yield Fault(f"states-{happens.__name__}", happens, day_of_states, "what is published of that day")
    yield Fault("states-missing", missing, day_of_states)
    yield Fault("states-a_file", a_file, lambda places: State(places).days("customer_states"), f"states{UNREADABLE}1")
    yield Fault("suppressed-garbage", garbage, table("suppressed"), stops="bring it back from a backup")
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
    for happens in (empty, garbage, a_folder):
        yield Fault(
            f"excluded_orders-{happens.__name__}",
            happens,
            lambda places: kept(places)[0].excluded_orders,
            f".excluded.parquet{UNREADABLE}1",
        )
    yield Fault("kept_builds-removed", removed, lambda places: places.kept_builds)
    yield Fault("kept_builds-a_file", a_file, lambda places: places.kept_builds, f"builds{UNREADABLE}1")

    for happens in (empty, garbage, a_folder, headers_only):
        yield Fault(f"warehouse-{happens.__name__}", happens, lambda places: places.warehouse, f"{UNREADABLE}1")
    yield Fault("warehouse-missing", missing, lambda places: places.warehouse)
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
    for name in ("history/runs.db", "index.db", "schedules/schedules.db"):
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
OF_TOOLS = ("runs", "index", "schedules", "dbt_manifest", "partial_parse", "run_results", "dagster_home")


def first_of_each() -> set[str]:
    """Names of faults of which each file, with what is said of it, has one, and each way in which a file breaks."""
    seen: set[tuple[str, ...]] = set()
    found = set()
    for fault in FAULTS:
        kinds = {(fault.name.partition("-")[0], fault.says, fault.stops), (fault.happens.__name__,)}
        if kinds - seen:
            found.add(fault.name)
        seen |= kinds
    return found


FIRST_OF_EACH = first_of_each()


def ailing(places: Places) -> list[str]:
    return [str(ailment) for check in (*BEFORE_DAGSTER, *CHECKS) for ailment in check(places)]


def test_there_are_enough_of_them_and_each_has_a_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60


# What a refresh begins with, without the rest of it


@pytest.fixture
def begun(shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A copy of the shop, whose warehouse is all that the environment names."""
    return named_copy(shop, tmp_path / "shop", monkeypatch)


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
    "fault",
    [
        pytest.param(fault, marks=() if fault.name in FIRST_OF_EACH else pytest.mark.long, id=fault.name)
        for fault in FAULTS
        if not fault.name.startswith(OF_TOOLS)
    ],
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
    if begun.published.exists():
        assert files_of_days(begun) == [State(begun).days("customer_states") / f"{SHOWN_DAY}.parquet"]
    assert State(begun).rows("builds")[0]["build_id"] == first["build_id"]
    if fault.name not in ("published-overwritten",):
        assert published_build(begun.published) == first["build_id"]


# Whole refreshes

SLICE = ("published-truncated",)


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


# What lies outside of the warehouse


def test_a_lock_that_is_held_too_long_is_told_and_noted(begun: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "0.1")
    said: list[str] = []
    with webhook() as (address, received), lock_of_another_process(begun):
        monkeypatch.setenv("STAMMKUNDE_WEBHOOK", address)
        with (
            pytest.raises(OutageError, match="another refresh still runs after 0 s"),
            refresh_session(begun, "run", RefreshRequest(), Telling(said.append)),
        ):
            pass
    assert any("failed: another refresh still runs" in line for line in said)
    assert "another refresh still runs" in str(last_build(begun)["reason"])
    assert "another refresh still runs" in received[0]["text"]


@contextmanager
def lock_of_another_process(places: Places) -> Iterator[None]:
    made: tuple[int, int] = os.pipe()
    holder = os.fork()
    if holder == 0:  # ended by its parent, never returns
        lock = FileLock(places.lock)
        lock.acquire()
        os.write(made[1], b"held")
        signal.pause()
        os._exit(0)
    os.read(made[0], 4)
    try:
        yield
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("STAMMKUNDE_LOCK_WAIT", "soon", "STAMMKUNDE_LOCK_WAIT is 'soon'"),
        ("STAMMKUNDE_TARGET", "oracle", "oracle"),
        ("STAMMKUNDE_RAW", "/no/such/folder", "/no/such/folder"),
        ("STAMMKUNDE_MAPPING", "/no/such/mapping.yml", "/no/such/mapping.yml"),
    ],
)
def test_what_stops_the_command_before_it_starts_anything_is_told_and_noted(
    begun: Places, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, why: str
) -> None:
    from cli.refreshing import refresh

    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(launch, "run", lambda places, request: begin_the_first_step(places))
    with webhook() as (address, received):
        monkeypatch.setenv("STAMMKUNDE_WEBHOOK", address)
        with pytest.raises((StammkundeError, typer.Exit)):
            refresh(found_places, {})
    assert last_build(begun)["outcome"] == "failed"
    assert why in str(last_build(begun)["reason"])
    assert why in received[0]["text"]


def begin_the_first_step(places: Places) -> int:
    """What the step `raw` does first, without Dagster around it."""
    from intake.find import mapping_of

    with refresh_session(places, "run", RefreshRequest(), Telling(print)) as session, session.step("raw"):
        session.claim()
        mapping_of(places.raw, places.mapping)  # type: ignore[arg-type]
    return 1


def test_a_full_disk_keeps_the_message_not_back(
    begun: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = State(begun).rows("builds")
    said: list[str] = []
    with webhook() as (address, received), monkeypatch.context() as patched:
        patched.setenv("STAMMKUNDE_WEBHOOK", address)
        patched.setattr(State, "write", full)
        with (
            pytest.raises(OutageError, match="No space left on device"),
            refresh_session(begun, "run", RefreshRequest(), Telling(said.append)),
        ):
            pass
    assert "No space left on device" in received[0]["text"]
    assert any("No space left on device" in line for line in said)
    assert "could not be noted in the history" in capsys.readouterr().err
    assert State(begun).rows("builds") == before
    begin(begun)
    assert last_build(begun)["outcome"] == "published"


@pytest.mark.parametrize(("years", "numbered"), [(10, True), (10, False), (-10, True), (-10, False)])
def test_a_clock_that_was_wrong_changes_nothing_for_the_next_build(begun: Places, years: int, numbered: bool) -> None:
    """The build that stands was made ten years ahead or behind, by this version or by an earlier one."""
    first = last_build(begun)
    old = str(first["build_id"])
    other = f"{int(old[:4]) + years}{old[4:]}"
    rename_build(begun, old, other, numbered=numbered)
    begin(begun)
    rows = State(begun).rows("builds")
    assert [row["build_id"] for row in rows] == [other, last_build(begun)["build_id"]]
    assert rows[1]["build_number"] == (2 if numbered else 1)
    assert published_build(begun.published) == other
    assert [build.build_id for build in kept(begun)] == [other]


def rename_build(places: Places, old: str, new_id: str, *, numbered: bool) -> None:
    """As if it had been made under another id, and without a number where an earlier version made it."""
    number = "build_number" if numbered else "null::bigint"
    file = kept_file(places)
    file.chmod(0o600)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"update marts.build set build_id = '{new_id}', build_number = {number}")
    manifest = {
        **json.loads(places.manifest.read_text(encoding="utf-8")),
        "build_id": new_id,
        "sha256": content_hash(file),
    }
    if not numbered:
        del manifest["build_number"]
    for path in (places.manifest, places.kept_builds / f"{new_id}.json"):
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(manifest), encoding="utf-8")
    (places.kept_builds / f"{old}.json").unlink()
    file.rename(places.kept_builds / f"{new_id}.duckdb")
    changed = {"build_id": new_id} if numbered else {"build_id": new_id, "build_number": None}
    State(places).write("builds", [{**row, **changed} for row in State(places).rows("builds")])


def test_without_anything_that_says_whose_figures_were_published_the_sample_does_not_take_their_place(
    begun: Places,
) -> None:
    shutil.rmtree(begun.records)
    shutil.rmtree(begun.kept_builds)
    begun.manifest.unlink()
    garbage(begun.published)
    with pytest.raises(StammkundeError, match="it is not known whose figures it holds: name the shop's folder once"):
        begin(begun)
    with pytest.raises(StammkundeError, match="it is not known whose figures it holds"):
        begin(begun)


def test_what_a_refresh_writes_is_for_its_owner_and_figures_are_for_everybody(shop: Places) -> None:
    public = {shop.published: 0o444, shop.manifest: 0o644, shop.published.parent: 0o755, shop.kept_builds: 0o711}
    for path, mode in public.items():
        assert path.stat().st_mode & 0o777 == mode, path
    assert kept_manifest(shop).stat().st_mode & 0o777 == 0o600
    inside = [path for folder in (shop.state, shop.records, shop.prepared) for path in [folder, *folder.rglob("*")]]
    private = [shop.warehouse, *(path for path in inside if path.exists() and not path.is_symlink())]
    assert len(private) > 10
    assert [str(path) for path in private if path.stat().st_mode & 0o077] == []


def test_make_clean_removes_no_records_and_nothing_that_is_published(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    folder = tmp_path / "warehouse"
    stays, goes = ["shop.records/salt", "published/retention.duckdb"], ["shop.state/x", "shop.raw/x", "shop.duckdb"]
    for name in (*stays, *goes):
        new(made(folder / name), b"x")
    subprocess.run(["make", "clean"], cwd=tmp_path, capture_output=True, check=True)
    assert [name for name in (*stays, *goes) if (folder / name).exists()] == stays


def made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


# Reasons


@pytest.mark.parametrize(
    "reason",
    [
        "ask ann@example.com", "call +49 171 2345678", "0171/2345678 said so", "01712345678", "(030) 1234567",
        "0049 30 1234567", "555-123-4567",
    ],
)  # fmt: skip
def test_a_reason_with_an_email_or_a_phone_number_is_refused_when_it_is_given(
    begun: Places, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    State(begun).note("b1", outcome="blocked", shop="small")
    before = State(begun).rows("builds")
    finished = CliRunner().invoke(app, ["accept", "--reason", reason])
    assert isinstance(finished.exception, StammkundeError)
    assert "is published in marts.builds: say it without" in str(finished.exception)
    assert State(begun).rows("builds") == before
    with pytest.raises(ValidationError, match="it is published: say it without"):
        RefreshRequest(accepted_build="b1", accepted_reason=reason)


@pytest.mark.parametrize(
    "reason",
    [
        "orders 000123456 and 100012345 were test orders", "from 2025-01-01 to 2025-06-30", "01.02.2025 bis 03.04.2025",
        "1.234.567,00 EUR of refunds", "as build 20260301T050000Z-0a1b2c3d", "#1001 #1002 #1003", "302-1234567-1234567",
    ],
)  # fmt: skip
def test_numbers_of_orders_days_and_amounts_are_no_phone_numbers(reason: str) -> None:
    assert RefreshRequest(accepted_build="b1", accepted_reason=reason).accepted_reason == reason


# Past days


@pytest.mark.long
def test_a_past_day_is_rebuilt_beside_and_changes_nothing_else(places: Places, server: RefreshServer) -> None:
    first, before = last_build(places), content(places)
    manifest, builds = places.manifest.read_bytes(), len(kept(places))
    status, output = server.run(places, as_of_date="2025-03-31")
    assert status == 0, output
    beside = places.as_of("2025-03-31")
    assert f"the figures of 2025-03-31 are in {beside}" in output
    assert (content(places), places.manifest.read_bytes(), len(kept(places))) == (before, manifest, builds)
    assert beside.stat().st_mode & 0o777 == 0o444
    with duckdb.connect(str(beside), read_only=True) as connection:
        days = "select max(order_date)::varchar, (select as_of_date from marts.build)::varchar from marts.orders"
        found = connection.execute(days)
        assert found.fetchall() == [("2025-03-31", "2025-03-31")]
        assert connection.execute("select outcome from marts.builds where is_this_build").fetchall() == [("rebuilt",)]
    last = last_build(places)
    assert (last["outcome"], str(last["rebuilt_for"])) == ("rebuilt", "2025-03-31")
    assert last_fingerprint(replace(places, shop="small")) == first["raw_fingerprint"]
    status, output = server.run(places)
    assert status == 0, output
    assert last_build(places)["baseline_build_id"] == first["build_id"]
    history = published_rows(places, "select outcome from marts.builds order by build_number")
    assert history == [("published",), ("rebuilt",), ("published",)]
