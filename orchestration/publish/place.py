"""The published place: what readers open is exchanged by one rename, brought back by another, and put in order."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.publish.builds import Kept, PublishError, forget, kept, now, remove_unfinished
from orchestration.publish.customer_states import follow
from orchestration.state import State, position
from stammkunde.database import identifier, wal_of
from stammkunde.errors import one_line
from stammkunde.files import (
    PASSED_FOLDER,
    PUBLIC_FILE,
    PUBLISHED_FILE,
    aside,
    known_hash,
    make_public_folder,
    read_json,
    to_disk,
    write_json,
    write_json_aside,
)
from stammkunde.places import Places
from stammkunde.published import opened, published_row
from stammkunde.shops import are_one_shop, is_sample_shop, remembered

# What a manifest says of the build, beside what the file holds.
FACTS = (
    "build_number", "shop", "settings_hash", "models_hash", "raw_fingerprint", "as_of_date", "baseline_build_id",
    "accepted_reason",
)  # fmt: skip


def make_folders(places: Places) -> None:
    """The published folder, which everybody may read, and in it that of the kept builds.

    A published file and its kept build are one file with two names, and so is its mode: the kept builds are kept from
    others by their folder. Others may pass it, for the link to the Parquet files leads through it.
    """
    make_public_folder(places.published.parent)
    if not places.kept_builds.is_dir():
        places.kept_builds.mkdir()
    with suppress(PermissionError):  # another owner's: doctor tells of it
        places.kept_builds.chmod(PASSED_FOLDER)


def put_in_place(places: Places, file: Path, manifest: Mapping[str, object]) -> None:
    """Make a kept build the published one, by one rename. Whatever needs space on the disk comes before it."""
    beside = aside(places.published)
    beside.unlink(missing_ok=True)
    prepare_link(places, file.with_suffix(""))
    write_json_aside(places.manifest, manifest, PUBLIC_FILE)
    try:
        os.link(file, beside)
    except OSError:  # a file system without links
        shutil.copyfile(file, beside)
        beside.chmod(PUBLISHED_FILE)
        to_disk(beside)
    # A log left by someone who opened the published file to write belongs to the old file, and would break the new one.
    wal_of(places.published).unlink(missing_ok=True)
    to_disk(file.parent)
    beside.replace(places.published)
    with suppress(OSError):  # readers have it; repair sets right what is missing
        put_link_in_place(places)
        aside(places.manifest).replace(places.manifest)
        to_disk(places.published.parent)


def prepare_link(places: Places, folder: Path) -> None:
    """Lay a link to a build's Parquet files, if it has any, beside the one that readers follow."""
    beside = aside(places.published_parquet)
    beside.unlink(missing_ok=True)
    if folder.is_dir():
        beside.symlink_to(Path(folder.parent.name) / folder.name)


def put_link_in_place(places: Places) -> None:
    """Lead readers to the Parquet files of the build; away from those of another where it has none."""
    link = places.published_parquet
    if aside(link).is_symlink():
        aside(link).replace(link)
    elif link.is_symlink():
        link.unlink()


def check_way(places: Places) -> None:
    """Raises PublishError where something else lies where the link to the Parquet files belongs."""
    link = places.published_parquet
    if link.exists() and not link.is_symlink():
        raise PublishError(f"{link}: is in the way of the link to the Parquet files. Move it, or publish elsewhere")


def described(file: Path) -> dict[str, object]:
    """A manifest of the published file, by what it says itself."""
    row = published_row(file) or {}
    with opened(file) as connection:
        found = connection.execute("select table_name from information_schema.tables where table_schema = 'marts'")
        marts = sorted(name for (name,) in found.fetchall())
        count = "select count(*) from marts."
        tables = {mart: connection.execute(count + identifier(mart)).fetchall()[0][0] for mart in marts}
    return {
        **{name: row.get(name) for name in FACTS},
        "build_id": row["build_id"],
        "tables": tables,
        "bytes": file.stat().st_size,
        "sha256": known_hash(file),
    }


def shop_of_readers(places: Places) -> str | None:
    """The shop that was published last, where the published file cannot tell it."""
    if shop := read_json(places.manifest).get("shop"):
        return str(shop)
    try:
        rows = [row for row in State(places).rows("builds") if row["outcome"] == "published"]
    except duckdb.Error:
        return None
    return str(rows[-1]["shop"]) if rows and rows[-1]["shop"] else None


@dataclass(frozen=True)
class Rollback:
    """What a rollback did: the build that readers see again, those that are withdrawn, and those that were passed over
    because they are not what was published."""

    current: str
    withdrawn: Sequence[str]
    broken: Sequence[str]


def rollback(places: Places, replaced_shop: str | None = None, to: str | None = None) -> Rollback:
    """Bring a build before the published one back: the latest that is whole, or the one that is named. All builds after
    it are withdrawn. Raises PublishError.

    Where that is of another shop, the one that is given up must be named.
    """
    published = published_row(places.published)
    if published is None:
        raise PublishError(f"{places.published}: there is no published build to go back from")
    earlier = [build for build in kept(places) if not build.is_withdrawn and build.position < position(published)]
    current = str(published["build_id"])
    if to:
        earlier = [build for build in earlier if build.build_id == to]
    chosen = next((build for build in earlier if build.is_whole), None)
    if chosen is None:
        raise PublishError(nothing_to_go_back_to(places, earlier, current, to))
    check_shop(places, chosen, published.get("shop") or shop_of_readers(places), replaced_shop)
    later = [build for build in kept(places) if not build.is_withdrawn and build.position > chosen.position]
    try:
        for build in later:
            write_json(build.file.with_suffix(".json"), {**build.manifest, "withdrawn_at": now()})
        put_in_place(places, chosen.file, chosen.manifest)
    except OSError as error:
        with suppress(OSError):
            repair(places)
        raise unchanged(places.published, error) from error
    follow(places)
    broken = [build.build_id for build in earlier if build.position > chosen.position]
    withdrawn = {current, *(build.build_id for build in later)} - set(broken)
    return Rollback(chosen.build_id, sorted(withdrawn), broken)


def nothing_to_go_back_to(places: Places, earlier: Sequence[Kept], current: str, to: str | None) -> str:
    if earlier:
        return f"{earlier[0].file}: was changed since it was published, and is not brought back"
    if to:
        return f"{places.kept_builds}: no build {to} before {current} is kept that was not withdrawn"
    return f"{places.kept_builds}: no build before {current} is kept"


def check_shop(places: Places, chosen: Kept, given_up: str | None, replaced_shop: str | None) -> None:
    """Raises PublishError where a build would take the place of another shop's."""
    if are_one_shop(chosen.shop, given_up, remembered(places)) or given_up == replaced_shop or is_sample_shop(given_up):
        return
    raise PublishError(
        f"{places.kept_builds}: the build {chosen.build_id} is of another shop, {chosen.shop}, "
        f"not of {given_up}. To give {given_up} up: stammkunde rollback --replace-shop {shlex.quote(str(given_up))}"
    )


def unchanged(file: Path, error: Exception) -> PublishError:
    return PublishError(f"{file}: could not be written, and is what it was: {one_line(error)}")


def repair(places: Places) -> None:
    """Finish what a crash left: unfinished files and builds that nobody saw go, the manifest says what is published.

    A rollback that did not come to its rename did not happen. A write-ahead log beside the published file is not of a
    refresh, and may be of another file than the one that lies there now: nobody could open it then.
    """
    remove_unfinished(places)
    wal_of(places.published).unlink(missing_ok=True)
    published = published_row(places.published)
    if published is None:
        return
    current = str(published["build_id"])
    with suppress(OSError):  # what is in its way is told of by publish
        prepare_link(places, places.kept_builds / current)
        put_link_in_place(places)
    for build in kept(places):
        manifest = {key: value for key, value in build.manifest.items() if key != "withdrawn_at"}
        if build.build_id == current and build.is_withdrawn:
            write_json(build.file.with_suffix(".json"), manifest)
        if build.build_id == current and read_json(places.manifest).get("build_id") != current:
            write_json(places.manifest, manifest, PUBLIC_FILE)
        if build.position > position(published) and not build.is_withdrawn:
            forget(build)
    follow(places)
