"""The published place: what readers open is exchanged by one rename, brought back by another, and put in order."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from orchestration.publish.builds import Kept, PublishError, forget, kept, now, remove_unfinished
from stammkunde.database import wal_of
from stammkunde.errors import one_line
from stammkunde.files import aside, content_hash, to_disk, write_json, write_json_aside
from stammkunde.places import Places
from stammkunde.published import published_build
from stammkunde.shops import are_one_shop, is_sample_shop, remembered


def put_in_place(places: Places, file: Path, manifest: Mapping[str, object]) -> None:
    """Make a kept build the published one, by one rename. Whatever needs space on the disk comes before it."""
    beside = aside(places.published)
    beside.unlink(missing_ok=True)
    prepare_link(places, file.with_suffix(""))
    write_json_aside(places.manifest, manifest)
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


def rollback(places: Places, replaced_shop: str | None = None) -> tuple[str, str]:
    """Bring the build before the published one back. Gives the ids of both. Raises PublishError.

    Where that is of another shop, the one that is given up must be named.
    """
    current = published_build(places.published)
    builds = [build for build in kept(places) if not build.is_withdrawn]
    ids = [build.build_id for build in builds]
    if current not in ids:
        raise PublishError(f"{places.published}: there is no published build to go back from")
    earlier = builds[ids.index(current) + 1 :]
    if not earlier:
        raise PublishError(f"{places.kept_builds}: no build before {current} is kept")
    chosen, withdrawn = earlier[0], builds[ids.index(current)]
    check_shop(places, chosen, withdrawn, replaced_shop)
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


def check_shop(places: Places, chosen: Kept, withdrawn: Kept, replaced_shop: str | None) -> None:
    """Raises PublishError where a build would take the place of another shop's."""
    given_up = withdrawn.shop
    if are_one_shop(chosen.shop, given_up, remembered(places)) or given_up == replaced_shop or is_sample_shop(given_up):
        return
    raise PublishError(
        f"{places.kept_builds}: the build before {withdrawn.build_id} is of another shop, {chosen.shop}, "
        f"not of {given_up}. To give {given_up} up: stammkunde rollback --replace-shop {shlex.quote(str(given_up))}"
    )


def unchanged(places: Places, error: Exception) -> PublishError:
    return PublishError(f"{places.published}: could not be written, and is what it was: {one_line(error)}")


def repair(places: Places) -> None:
    """Finish what a crash left: unfinished files and builds that nobody saw go, the manifest says what is published.

    A rollback that did not come to its rename did not happen. A write-ahead log beside the published file is not of a
    refresh, and may be of another file than the one that lies there now: nobody could open it then.
    """
    remove_unfinished(places)
    wal_of(places.published).unlink(missing_ok=True)
    current = published_build(places.published)
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
