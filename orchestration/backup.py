"""What a machine that is lost would take with it, in one archive; and back onto an empty one.

The archive holds the records, the published file and the kept builds, the mapping, thresholds of one's own, and the
settings that differ from the project's. Raw files are not in it: they are the shop's.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import yaml

from orchestration.left_behind import RESTORED, UNPACKED
from orchestration.outage import locked
from orchestration.publish.builds import kept
from orchestration.publish.place import make_folders, put_in_place, repair
from orchestration.quality.thresholds import DEFAULT, thresholds_file
from orchestration.state import State
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import (
    PRIVATE_FILE,
    PUBLISHED_FILE,
    REPLACED,
    UNREADABLE,
    aside,
    content_hash,
    free_name,
    make_private_folder,
    read_json,
    to_disk,
    write_json,
    write_private,
)
from stammkunde.places import PROJECT, Places
from stammkunde.published import published_build
from stammkunde.salt import KEY_FILE
from stammkunde.settings import defaults, shown
from stammkunde.shops import remembered

CONTENTS = "contents.json"  # the first entry: the checksum of every other one
FORMAT = 1
SETTINGS = "settings.yml"
RECORDS, BUILDS, MAPPINGS, THRESHOLDS = "records", "builds", "mappings", "thresholds.yml"
CHUNK = 1 << 20


class BackupError(StammkundeError):
    """Nothing was written, or nothing was put in place; the text says why."""


@dataclass(frozen=True)
class Restored:
    """What a restore put in place, and what a person has to do with the rest."""

    build_id: str | None
    builds: int
    notes: list[str]


def backup(places: Places, target: Path) -> dict[str, int]:
    """Write the archive; gives the files of each part. It takes its place only when it is whole."""
    if target.exists():
        raise BackupError(f"{target}: is there already. Name another file")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent}: is no folder that the backup could be written to")
    with locked(places, print):
        repair(places)
        found = dict(entries(places))
        if not any(name.startswith((RECORDS, BUILDS)) for name in found):
            raise BackupError(f"{places.warehouse}: there is nothing to back up: no refresh has run here")
        contents = {
            "format": FORMAT,
            "build_id": published_build(places.published),
            "files": {name: sha256_of(source) for name, source in found.items()},
        }
        unfinished = aside(target)
        try:
            with tarfile.open(unfinished, "w:gz") as archive:
                add(archive, CONTENTS, (json.dumps(contents, indent=2) + "\n").encode())
                for name, source in found.items():
                    add(archive, name, source)
            unfinished.chmod(PRIVATE_FILE)  # it holds the salt, and the list of those who are to be forgotten
            to_disk(unfinished)
            unfinished.replace(target)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise BackupError(f"{target}: could not be written: {one_line(error)}") from error
    parts = [PurePosixPath(name).parts[0] for name in found]
    return {part: parts.count(part) for part in dict.fromkeys(parts)}


def entries(places: Places) -> Iterator[tuple[str, Path | bytes]]:
    """What goes into the archive, by its name there."""
    for file in sorted(path for path in places.records.rglob("*") if path.is_file()):
        yield f"{RECORDS}/{file.relative_to(places.records).as_posix()}", file
    current, builds = published_build(places.published), kept(places)
    if current and current not in {build.build_id for build in builds}:
        yield f"{BUILDS}/{current}.duckdb", places.published
        yield f"{BUILDS}/{current}.json", places.manifest
    for build in builds:
        beside = [path for path in places.kept_builds.glob(f"{build.build_id}.*") if UNREADABLE not in path.name]
        for file in sorted(path for path in [*beside, *build.parquet.rglob("*")] if path.is_file()):
            yield f"{BUILDS}/{file.relative_to(places.kept_builds).as_posix()}", file
    for number, file in enumerate(mappings(places)):
        yield f"{MAPPINGS}/{number}/{file.name}", file
    if thresholds_file() != DEFAULT and thresholds_file().is_file():
        yield THRESHOLDS, thresholds_file()
    if changed := changed_settings():
        yield SETTINGS, yaml.safe_dump(changed, allow_unicode=True, sort_keys=False).encode()


def mappings(places: Places) -> list[Path]:
    """The mappings of the known shops: those that were named, and those that lie with the raw files."""
    files = [
        file
        for source in remembered(places)
        for file in (source.mapping, source.raw / "mapping.yml" if source.raw else None)
        if file and file.is_file()
    ]
    return list(dict.fromkeys(files))


def changed_settings() -> dict[str, object]:
    """The settings in which dbt_project.yml differs from the project as it was delivered, without the salt. Only git
    knows that; without it all settings go in."""
    asked = ["git", "-C", str(PROJECT), "show", "HEAD:dbt_project.yml"]
    try:
        delivered = yaml.safe_load(subprocess.run(asked, capture_output=True, check=True).stdout)["vars"]
    except (OSError, subprocess.CalledProcessError, yaml.YAMLError, TypeError, KeyError):
        delivered = {}
    now: Mapping[str, object] = json.loads(shown(defaults()))
    return {name: value for name, value in now.items() if name not in delivered or delivered[name] != value}


def sha256_of(source: Path | bytes) -> str:
    return hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else content_hash(source)


def add(archive: tarfile.TarFile, name: str, source: Path | bytes) -> None:
    """An entry without owner or times: what counts is what it holds."""
    entry = tarfile.TarInfo(name)
    entry.mode = PRIVATE_FILE
    with ExitStack() as opened:
        content = io.BytesIO(source) if isinstance(source, bytes) else opened.enter_context(source.open("rb"))
        entry.size = len(source) if isinstance(source, bytes) else source.stat().st_size
        archive.addfile(entry, content)


def restore(places: Places, archive: Path, *, replace: bool = False) -> Restored:
    """Put the archive in place. Every checksum is compared before anything is moved. Raises BackupError.

    What is there already is given up only with `replace`; the records that it replaces are kept beside.
    """
    taken = [path for path in (places.records, places.published, places.kept_builds) if holds_something(path)]
    if taken and not replace:
        raise BackupError(f"{taken[0]}: is there already. To give it up for the backup: stammkunde restore --replace")
    make_private_folder(places.state)
    with locked(places, print):
        unpacked = Path(tempfile.mkdtemp(prefix=UNPACKED, dir=places.state))
        try:
            contents = unpack(archive, unpacked)
            check_builds(archive, unpacked / BUILDS, contents["build_id"])
            erased = erased_persons(places)
            put_records(places, unpacked / RECORDS)
            put_builds(places, unpacked / BUILDS)
            notes = [*left_to_do(places, unpacked), *still_erased(places, erased)]
        except OSError as error:
            raise BackupError(f"{archive}: could not be restored: {one_line(error)}") from error
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        current = next((build for build in kept(places) if build.build_id == contents["build_id"]), None)
        if current:
            put_in_place(places, current.file, current.manifest)
    return Restored(current.build_id if current else None, len(kept(places)), notes)


def holds_something(path: Path) -> bool:
    """Whether a place is taken. Folders and locks that every command makes are nothing."""
    return any(path.iterdir()) if path.is_dir() else path.exists()


def unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Unpack and compare with the checksums. Only names that a backup has are taken."""
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for entry in opened:
                if not entry.isfile() or not is_ours(entry.name):
                    raise BackupError(f"{archive}: holds {entry.name}, which is no part of a backup")
                target = folder / entry.name
                target.parent.mkdir(parents=True, exist_ok=True)
                content = opened.extractfile(entry)
                assert content is not None
                with target.open("xb") as written:
                    shutil.copyfileobj(content, written, CHUNK)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BackupError(f"{archive}: cannot be read: {one_line(error)}") from error
    contents = read_json(folder / CONTENTS)
    if contents.get("format") != FORMAT or not isinstance(contents.get("files"), dict):
        raise BackupError(f"{archive}: is no backup that this version can read")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {CONTENTS}
    for name in sorted(there ^ set(contents["files"])):
        raise BackupError(f"{archive}: {name} is missing, or is not listed")
    for name, checksum in contents["files"].items():
        if content_hash(folder / name) != checksum:
            raise BackupError(f"{archive}: {name} is not what was backed up (checksum)")
    return contents


def is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    known = (CONTENTS, RECORDS, BUILDS, MAPPINGS, THRESHOLDS, SETTINGS)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts) and path.parts[0] in known


def check_builds(archive: Path, folder: Path, build_id: str | None) -> None:
    """The published build must be among the kept ones, each with the checksum of its manifest."""
    for manifest in folder.glob("*.json"):
        file = manifest.with_suffix(".duckdb")
        if not file.exists() or content_hash(file) != read_json(manifest).get("sha256"):
            raise BackupError(f"{archive}: the build {manifest.stem} is not what was published (checksum)")
    if build_id and not (folder / f"{build_id}.json").exists():
        raise BackupError(f"{archive}: the published build {build_id} is not in it")


def put_records(places: Places, unpacked: Path) -> None:
    """The records take their place by one rename; those before are kept beside."""
    if holds_something(places.records):
        places.records.rename(free_name(places.records, REPLACED))
    elif places.records.exists():
        places.records.rmdir()
    unpacked.mkdir(exist_ok=True)
    unpacked.rename(places.records)
    make_private_folder(places.records)


@dataclass(frozen=True)
class ErasedPersons:
    """Who was erased (stammkunde forget), as the records have it: hashes with a key."""

    key: str
    suppressed: list[dict[str, object]]
    orders: list[dict[str, object]]


def erased_persons(places: Places) -> ErasedPersons | None:
    """None where it cannot be read."""
    state, key = State(places), places.records / KEY_FILE
    try:
        known = key.read_text(encoding="utf-8").strip() if key.exists() else ""
        return ErasedPersons(known, state.rows("suppressed"), state.rows("erased_orders"))
    except (OSError, UnicodeDecodeError, duckdb.Error):
        return None


def still_erased(places: Places, before: ErasedPersons | None) -> Iterator[str]:
    """Who was erased since the backup was made stays on the list, and so out of the next refresh. Says what is left to
    do: the builds of the backup hold these persons."""
    again = "erase these persons again (stammkunde forget)"
    now = erased_persons(places)
    if before is None or now is None:
        yield f"It cannot be told whether persons were erased since the backup: if so, {again}"
        return
    known = {row["identifier_hash"] for row in now.suppressed}
    new = [row for row in before.suppressed if row["identifier_hash"] not in known]
    if not new:
        return
    if now.key not in ("", before.key):
        yield f"Persons were erased in the records that were replaced, with another key: {again}"
        return
    write_private(places.records / KEY_FILE, before.key + "\n")
    state, orders = State(places), {row["order_id"] for row in now.orders}
    state.write("suppressed", [*now.suppressed, *new])
    state.write("erased_orders", [*now.orders, *(row for row in before.orders if row["order_id"] not in orders)])
    yield f"Persons were erased since the backup. They stay on the list, but the builds in it hold them: {again}"


def put_builds(places: Places, unpacked: Path) -> None:
    """The builds that were kept before lie beside, too: of two histories none is mixed."""
    if holds_something(places.kept_builds):
        places.kept_builds.rename(free_name(places.kept_builds, REPLACED))
    make_folders(places)
    for path in sorted(unpacked.glob("*")):
        target = places.kept_builds / path.name
        if path.suffix == ".json":
            write_json(target, read_json(path))
            continue
        if path.suffix == ".duckdb":
            path.chmod(PUBLISHED_FILE)
        shutil.move(path, target)


def left_to_do(places: Places, unpacked: Path) -> Iterator[str]:
    """Files of a person are not overwritten: they are laid beside the records, with a word on where they belong."""
    for name in (MAPPINGS, THRESHOLDS, SETTINGS):
        if (unpacked / name).exists():
            kept_at = places.records / RESTORED / name
            make_private_folder(kept_at.parent)
            shutil.move(unpacked / name, kept_at)
            yield f"{kept_at}: {WHAT_TO_DO[name]}"


WHAT_TO_DO = {
    MAPPINGS: "put each mapping where it was: beside the raw files as mapping.yml, or where --mapping names it",
    THRESHOLDS: "your own limits: name the file with STAMMKUNDE_THRESHOLDS",
    SETTINGS: "take these settings over into dbt_project.yml: builds are compared with those of equal settings",
}
