"""A backup carries what cannot be rebuilt; on an empty machine it is as if nothing had been lost."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.backup import BackupError, backup, restore
from orchestration.publish.builds import kept
from orchestration.state import State
from stammkunde.places import Places
from stammkunde.published import published_build
from stammkunde.shops import remembered
from tests.refreshes import RefreshServer, content, last_build, named_copy, places_in, published_figures, webhook


@pytest.fixture
def saved(shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A copy of the shop with a salt, a mapping that is named and limits of its own."""
    places = named_copy(shop, tmp_path / "shop", monkeypatch)
    (places.records / "salt").write_text("of the shop", encoding="utf-8")
    limits = tmp_path / "limits.yml"
    limits.write_text("raw: {}\n", encoding="utf-8")
    monkeypatch.setenv("STAMMKUNDE_THRESHOLDS", str(limits))
    return places


@pytest.fixture
def archive(saved: Places, tmp_path: Path) -> Path:
    file = tmp_path / "stammkunde.tar.gz"
    parts = backup(saved, file)
    records = [path for path in saved.records.rglob("*") if path.is_file()]
    assert (parts["records"], parts["thresholds.yml"]) == (len(records), 1)
    assert parts["builds"] == len(list(saved.kept_builds.iterdir()))
    return file


def note_erased(places: Places, *hashes: str, key: str = "key of the warehouse") -> None:
    (places.records / "key").write_text(f"{key}\n", encoding="utf-8")
    State(places).write("suppressed", [{"identifier_hash": hashed} for hashed in hashes])
    State(places).write("erased_orders", [{"order_id": f"o-{hashed}"} for hashed in hashes])


def erased(places: Places) -> tuple[list[object], list[object]]:
    state = State(places)
    listed = [row["identifier_hash"] for row in state.rows("suppressed")]
    return listed, [row["order_id"] for row in state.rows("erased_orders")]


def test_whoever_was_erased_since_the_backup_stays_on_the_list(saved: Places, tmp_path: Path) -> None:
    note_erased(saved, "one")
    backup(saved, tmp_path / "backup.tar.gz")
    note_erased(saved, "one", "two")
    said = " ".join(restore(saved, tmp_path / "backup.tar.gz", replace=True).notes)
    assert "Persons were erased since the backup. They stay on the list, but the builds in it hold them" in said
    assert erased(saved) == (["one", "two"], ["o-one", "o-two"])


def test_a_list_of_another_key_is_of_no_use_and_said_to_be(saved: Places, tmp_path: Path) -> None:
    note_erased(saved, "one")
    backup(saved, tmp_path / "backup.tar.gz")
    note_erased(saved, "two", key="another")
    said = " ".join(restore(saved, tmp_path / "backup.tar.gz", replace=True).notes)
    assert "with another key: erase these persons again (stammkunde forget)" in said
    assert erased(saved) == (["one"], ["o-one"])


def test_a_list_that_cannot_be_read_is_said(saved: Places, tmp_path: Path) -> None:
    backup(saved, tmp_path / "backup.tar.gz")
    (saved.records / "suppressed.parquet").write_text("garbage")
    said = " ".join(restore(saved, tmp_path / "backup.tar.gz", replace=True).notes)
    assert "It cannot be told whether persons were erased since the backup" in said


def empty_machine(tmp_path: Path) -> Places:
    return places_in(tmp_path / "another machine")


def test_everything_comes_back_as_it_was(saved: Places, archive: Path, tmp_path: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    there = empty_machine(tmp_path)
    done = restore(there, archive)
    assert done.build_id == published_build(there.published) == published_build(saved.published)
    assert content(there) == content(saved)
    assert State(there).rows("builds") == State(saved).rows("builds")
    assert remembered(there) == remembered(saved)
    assert (there.records / "salt").read_text(encoding="utf-8") == "of the shop"
    assert (there.records.stat().st_mode & 0o777, there.published.stat().st_mode & 0o777) == (0o700, 0o444)
    assert json.loads(there.manifest.read_text(encoding="utf-8")) == dict(kept(there)[0].manifest)
    assert (there.records / "restored" / "thresholds.yml").read_text(encoding="utf-8") == "raw: {}\n"
    assert any("STAMMKUNDE_THRESHOLDS" in note for note in done.notes)


def test_what_is_there_is_given_up_only_where_asked_for_and_kept_beside(archive: Path, tmp_path: Path) -> None:
    there = empty_machine(tmp_path)
    there.records.mkdir(parents=True)
    (there.records / "salt").write_text("of another", encoding="utf-8")
    with pytest.raises(BackupError, match=r"is there already\. To give it up for the backup: .* --replace"):
        restore(there, archive)
    assert (there.records / "salt").read_text(encoding="utf-8") == "of another"
    restore(there, archive, replace=True)
    assert (there.records / "salt").read_text(encoding="utf-8") == "of the shop"
    (before,) = there.records.parent.glob("*.replaced-1")
    assert (before / "salt").read_text(encoding="utf-8") == "of another"


def changed(archive: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> None:
    """Write the archive again with other entries."""
    with tarfile.open(archive, "r:gz") as opened:
        found = [(entry.name, opened.extractfile(entry).read()) for entry in opened]  # type: ignore[union-attr]
    with tarfile.open(archive, "w:gz") as written:
        for name, content in found:
            if kept_entry := change(name, content):
                entry = tarfile.TarInfo(kept_entry[0])
                entry.size = len(kept_entry[1])
                written.addfile(entry, io.BytesIO(kept_entry[1]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name, content: (name, content + b"x" if name == "records/salt" else content), r"salt is not what was"),
        (lambda name, content: None if name == "records/salt" else (name, content), "salt is missing"),
        (lambda name, content: ("../" + name if name == "records/salt" else name, content), "is no part of a backup"),
        (lambda name, content: None if name == "contents.json" else (name, content), "is no backup that this version"),
    ],
)
def test_an_archive_that_was_changed_puts_nothing_in_place(
    archive: Path, tmp_path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], said: str
) -> None:
    changed(archive, change)
    refused(archive, empty_machine(tmp_path), said)


def test_an_archive_that_ends_in_the_middle_puts_nothing_in_place(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-2000])
    refused(archive, empty_machine(tmp_path), "cannot be read")


def refused(archive: Path, there: Places, said: str) -> None:
    with pytest.raises(BackupError, match=said):
        restore(there, archive)
    assert not there.published.exists()
    assert not there.records.exists() or list(there.records.iterdir()) == []
    assert not list(there.warehouse.parent.rglob("restore.*"))


def test_an_archive_that_is_there_is_not_overwritten(saved: Places, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        backup(saved, archive)
    assert archive.read_bytes() == before


def test_where_no_refresh_has_run_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is nothing to back up"):
        backup(empty_machine(tmp_path), tmp_path / "file.tar.gz")


def test_the_next_refresh_on_an_empty_machine_is_compared_with_the_restored_build(
    shop: Places, places: Places, server: RefreshServer, tmp_path: Path
) -> None:
    first, archive = last_build(places), tmp_path / "stammkunde.tar.gz"
    backup(places, archive)
    for lost in (places.state, places.records, places.published.parent, places.prepared):
        if lost != places.state:
            shutil.rmtree(lost, ignore_errors=True)
    places.warehouse.unlink()
    restore(places, archive)
    with webhook() as (address, received):
        status, output = server.run(places, {"STAMMKUNDE_WEBHOOK": address})
    assert status == 0, output
    assert received == []
    build = last_build(places)
    assert (build["baseline_build_id"], build["build_number"]) == (first["build_id"], 2)
    assert published_figures(places) == published_figures(shop)
