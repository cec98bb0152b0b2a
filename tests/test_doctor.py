"""What doctor finds and mends, and what it leaves to a person."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.doctor import look_over
from orchestration.publish.builds import kept
from stammkunde.places import Places
from tests.refreshes import named_copy
from tests.test_outages import FAULTS, Fault, garbage, kept_file, new

OF_DOCTOR = (
    "builds-garbage",
    "shops-empty",
    "published-garbage",
    "kept_manifest-garbage",
    "lock-a_folder",
    "runs-garbage",
)


@pytest.fixture
def places(shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A copy of the shop as a refresh of today leaves it."""
    return named_copy(shop, tmp_path / "shop", monkeypatch)


def found(places: Places, *, mend: bool = False) -> list[str]:
    return [finding.text for finding in look_over(places, mend=mend)]


def left(places: Places, *, mend: bool = False) -> list[str]:
    return [finding.text for finding in look_over(places, mend=mend) if finding.is_left]


def test_nothing_is_wrong_with_a_warehouse_that_was_just_refreshed(places: Places) -> None:
    assert found(places) == []


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in OF_DOCTOR], ids=lambda fault: fault.name)
def test_what_is_wrong_is_said_and_only_mended_where_asked_for(fault: Fault, places: Places) -> None:
    fault.inject(places)
    before = listed(places)
    said = left(places)
    assert any(fault.says in text and "doctor --mend, and the next refresh: " in text for text in said), said
    assert listed(places) == before
    assert left(places, mend=True) == []
    assert left(places) == []
    assert set(records(before)) <= {name.partition(".unreadable-")[0] for name in records(listed(places))}


def listed(places: Places) -> list[str]:
    """All files, but those that SQLite and locks make by being looked at."""
    folder, passing = places.warehouse.parent, (".lock", "-shm", "-wal")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.endswith(passing))


def records(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("shop.records/")]


def test_a_kept_build_that_was_changed_is_found_by_its_checksum(places: Places) -> None:
    new(kept_file(places), places.published.read_bytes() + b"more")
    (said,) = left(places)
    assert "is not what was published (checksum)" in said
    assert left(places, mend=True) == []
    assert kept(places) == []


def test_a_warehouse_that_can_be_opened_and_not_read_to_its_end_is_found(places: Places) -> None:
    with places.warehouse.open("r+b") as file:
        file.seek(places.warehouse.stat().st_size // 4)
        file.write(bytes(places.warehouse.stat().st_size // 2))
    assert any("cannot be read to its end" in text or "cannot be opened" in text for text in left(places))
    assert left(places, mend=True) == []


def test_what_others_may_read_is_closed_and_what_readers_need_is_opened(places: Places) -> None:
    for path, mode in (
        (places.warehouse, 0o644), (places.records, 0o755), (places.kept_builds, 0o755), (places.published, 0o400),
        (places.published.parent, 0o700),
    ):  # fmt: skip
        path.chmod(mode)
    assert len(left(places)) == 5
    assert left(places, mend=True) == []
    modes = [path.stat().st_mode & 0o777 for path in (places.warehouse, places.records, places.kept_builds)]
    assert modes == [0o600, 0o700, 0o711]
    assert (places.published.stat().st_mode & 0o777, places.published.parent.stat().st_mode & 0o777) == (0o444, 0o755)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("STAMMKUNDE_LOCK_WAIT", "soon", "STAMMKUNDE_LOCK_WAIT is 'soon'"),
        ("STAMMKUNDE_WEBHOOK", "ftp://secret.example", "STAMMKUNDE_WEBHOOK: must be an address"),
        ("STAMMKUNDE_THRESHOLDS", "/no/such.yml", "/no/such.yml: cannot be read"),
        ("STAMMKUNDE_RAW", "/no/folder", "/no/folder"),
    ],
)
def test_what_is_given_is_a_persons_to_correct(
    places: Places, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    texts = left(places, mend=True)
    assert any(said in text and "To do: " in text for text in texts), texts
    assert "secret" not in "".join(texts)


def test_a_lock_that_is_held_is_told_of(places: Places) -> None:
    with FileLock(places.lock):
        pass
    assert left(places) == []
    held = os.fork()
    if held == 0:  # another process, which is ended by its parent
        lock = FileLock(places.lock)
        lock.acquire()
        os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(held, os.WUNTRACED)
    try:
        assert any("refresh.lock is held" in text for text in left(places))
    finally:
        os.kill(held, signal.SIGKILL)
        os.waitpid(held, 0)


def test_garbage_beside_is_no_business_of_ours(places: Places) -> None:
    garbage(places.kept_builds / "notes.txt")
    assert found(places) == []
