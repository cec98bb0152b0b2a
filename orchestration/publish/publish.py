"""One publish: copy, audit, keep, and put in place."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import duckdb

from orchestration.publish import copy
from orchestration.publish.builds import forget, kept, now, remove_unfinished
from orchestration.publish.place import check_way, put_in_place, unchanged
from orchestration.targets import on_spark
from stammkunde.database import STORAGE_VERSION
from stammkunde.environment import environment
from stammkunde.files import aside, content_hash, remove, to_disk, write_json
from stammkunde.places import Places


def publish(
    places: Places,
    build_id: str,
    facts: Mapping[str, object] | None = None,
    rules: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Publish the marts of the warehouse, which must be those of `build_id`. Gives the manifest.

    `facts` go into the manifest, `rules` are handed to the audit. Raises PublishError; the published file then is what
    it was.
    """
    limit = environment().kept_builds
    has_parquet = on_spark(places.target)
    if has_parquet:
        check_way(places)
    file = places.kept_builds / f"{build_id}.duckdb"
    folder = file.with_suffix("")
    excluded_orders = file.with_suffix(".excluded.parquet")
    unfinished = aside(file)
    try:
        places.kept_builds.mkdir(parents=True, exist_ok=True)
        remove_unfinished(places)
        tables = copy.write(places.warehouse, unfinished, build_id)
        copy.audit(unfinished, places.warehouse.stem, tables, build_id, rules or {})
        copy.keep_excluded_orders(places.warehouse, aside(excluded_orders))
        if has_parquet:
            copy.link_files(places.collected / "marts", aside(folder))
        manifest: dict[str, object] = {
            "build_id": build_id,
            "published_at": now(),
            **(facts or {}),
            "tables": tables,
            "bytes": unfinished.stat().st_size,
            "sha256": content_hash(unfinished),
            "storage_version": STORAGE_VERSION,
            "parquet": has_parquet,
        }
        to_disk(unfinished)
        unfinished.chmod(0o444)  # opened to write, by mistake, it would lock out every other reader
        unfinished.replace(file)
        aside(excluded_orders).replace(excluded_orders)
        if has_parquet:
            remove(folder)
            aside(folder).replace(folder)
        write_json(file.with_suffix(".json"), manifest)
        put_in_place(places, file, manifest)
    except (OSError, duckdb.Error) as error:
        raise unchanged(places, error) from error
    finally:
        with suppress(OSError):
            remove_unfinished(places)
    with suppress(OSError):  # readers have the new build: one too many that is kept is for the next time
        for old in kept(places)[limit:]:
            forget(old)
    return manifest
