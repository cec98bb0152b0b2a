"""One publish: copy, audit, keep, and put in place. A past day is copied and audited, and laid beside."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from orchestration.publish import copy
from orchestration.publish.builds import beyond, forget, kept, now, remove_unfinished
from orchestration.publish.place import check_way, make_folders, put_in_place, unchanged
from orchestration.targets import on_spark
from stammkunde.database import STORAGE_VERSION, wal_of
from stammkunde.environment import environment
from stammkunde.files import (
    PUBLIC_FILE,
    PUBLISHED_FILE,
    aside,
    content_hash,
    make_public_folder,
    remove,
    to_disk,
    write_json,
    write_json_aside,
)
from stammkunde.manifest import Words
from stammkunde.places import Places


def publish(
    places: Places,
    build_id: str,
    facts: Mapping[str, object] | None = None,
    rules: Mapping[str, str] | None = None,
    words: Mapping[str, Words] | None = None,
) -> dict[str, object]:
    """Publish the marts of the warehouse, which must be those of `build_id`. Gives the manifest.

    `facts` go into the manifest, `rules` are handed to the audit, `words` become comments of the file. Raises
    PublishError; the published file then is what it was.
    """
    limit = environment().kept_builds
    has_parquet = with_parquet(places)
    if has_parquet:
        check_way(places)
    file = places.kept_builds / f"{build_id}.duckdb"
    folder = file.with_suffix("")
    excluded_orders = file.with_suffix(".excluded.parquet")
    try:
        make_folders(places)
        remove_unfinished(places)
        manifest = write(places, aside(file), build_id, facts or {}, rules or {}, words or {})
        copy.keep_excluded_orders(places.warehouse, aside(excluded_orders))
        if has_parquet:
            write_parquet(places, aside(file), aside(folder), words or {})
        aside(file).replace(file)
        aside(excluded_orders).replace(excluded_orders)
        if has_parquet:
            remove(folder)
            aside(folder).replace(folder)
        write_json(file.with_suffix(".json"), manifest)
        put_in_place(places, file, manifest)
    except (OSError, duckdb.Error) as error:
        raise unchanged(places.published, error) from error
    finally:
        with suppress(OSError):
            remove_unfinished(places)
    with suppress(OSError):  # readers have the new build: one too many that is kept is for the next time
        for old in beyond(kept(places), limit):
            forget(old)
    return manifest


def with_parquet(places: Places) -> bool:
    """Whether Parquet files are published beside the file: those of another engine, or those that are asked for."""
    return on_spark(places.target) or environment().parquet


def write_parquet(places: Places, file: Path, folder: Path, words: Mapping[str, Words]) -> None:
    """The marts as Parquet files, for everybody to read: those that another engine wrote, else of the new file."""
    if on_spark(places.target):
        copy.link_files(places.collected / "marts", folder)
    else:
        copy.write_parquet(file, folder)
    if words:
        copy.write_words(words, folder)
    copy.make_public(folder)


def rebuild(
    places: Places,
    day: str,
    build_id: str,
    facts: Mapping[str, object],
    rules: Mapping[str, str],
    words: Mapping[str, Words],
) -> dict[str, object]:
    """Write the marts as they were known on a past day beside the published file, which stays what it is. Gives the
    manifest. Raises PublishError."""
    file = places.as_of(day)
    try:
        make_public_folder(places.rebuilt)
        manifest = write(places, aside(file), build_id, facts, rules, words)
        write_json_aside(file.with_suffix(".json"), manifest, PUBLIC_FILE)
        wal_of(file).unlink(missing_ok=True)
        aside(file).replace(file)
        aside(file.with_suffix(".json")).replace(file.with_suffix(".json"))
    except (OSError, duckdb.Error) as error:
        raise unchanged(file, error) from error
    finally:
        with suppress(OSError):
            remove_unfinished(places)
    return manifest


def write(
    places: Places,
    file: Path,
    build_id: str,
    facts: Mapping[str, object],
    rules: Mapping[str, str],
    words: Mapping[str, Words],
) -> dict[str, object]:
    """Write and audit a file of the marts, to be read by everybody. Gives its manifest."""
    tables = copy.write(places.warehouse, file, build_id, words)
    copy.audit(file, places.warehouse.stem, tables, build_id, rules)
    file.chmod(PUBLISHED_FILE)  # opened to write, by mistake, it would lock out every other reader
    to_disk(file)
    return {
        "build_id": build_id,
        "published_at": now(),
        **facts,
        "tables": tables,
        "bytes": file.stat().st_size,
        "sha256": content_hash(file),
        "storage_version": STORAGE_VERSION,
        "parquet": with_parquet(places),
    }
