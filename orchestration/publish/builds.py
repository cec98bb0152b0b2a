"""The published builds that are kept: of each a DuckDB file, its manifest, and Parquet files of another engine."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stammkunde.errors import StammkundeError
from stammkunde.files import UNFINISHED, remove
from stammkunde.places import Places
from stammkunde.published import published_build, published_shop

BUILD_IDS = "[0-9]*T[0-9]*Z-*"  # names of kept files and folders; nothing else in their folder is ours


class PublishError(StammkundeError):
    """Nothing was published; the text says why and what to do."""


@dataclass(frozen=True)
class Kept:
    """One published build that is kept: its file and its manifest."""

    file: Path
    manifest: Mapping[str, object]

    @property
    def build_id(self) -> str:
        return str(self.manifest["build_id"])

    @property
    def shop(self) -> str | None:
        return self.manifest.get("shop")  # type: ignore[return-value]

    @property
    def parquet(self) -> Path:
        """The folder of its Parquet files; only builds of another engine than DuckDB have one."""
        return self.file.with_suffix("")

    @property
    def excluded_orders(self) -> Path:
        """Its orders that were known and did not count, as Parquet; earlier versions kept none."""
        return self.file.with_suffix(".excluded.parquet")

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was rolled back: later builds are not compared with it."""
        return bool(self.manifest.get("withdrawn_at"))


def kept(places: Places) -> list[Kept]:
    """The builds that are kept, the latest first."""
    found = []
    for manifest in sorted(places.kept_builds.glob("*.json"), reverse=True):
        file = manifest.with_suffix(".duckdb")
        if file.exists():
            found.append(Kept(file, json.loads(manifest.read_text(encoding="utf-8"))))
    return found


def baseline(places: Places, names: Collection[str]) -> Kept | None:
    """The latest published build of the same shop, by any of its names, that was not rolled back; the published file
    itself where none is kept. Whether settings or models are others is for the gate to say."""
    current = published_build(places.published)
    if current is None:
        return None
    for build in kept(places):
        if build.shop in names and not build.is_withdrawn and build.build_id <= current:
            return build
    known = json.loads(places.manifest.read_text(encoding="utf-8")) if places.manifest.exists() else {}
    shop = published_shop(places.published)
    return Kept(places.published, {**known, "build_id": current, "shop": shop}) if shop in names else None


def forget(build: Kept) -> None:
    """The manifest goes first: after a crash between them, files without one are removed as unfinished."""
    build.file.with_suffix(".json").unlink(missing_ok=True)
    remove(build.file)
    remove(build.excluded_orders)
    remove(build.parquet)


def remove_unfinished(places: Places) -> None:
    """Take away what a crash left half written."""
    for folder in (places.kept_builds, places.published.parent):
        for left in folder.glob(f"*{UNFINISHED}*"):
            remove(left)
    for file in places.kept_builds.glob(BUILD_IDS):
        if not file.with_name(
            file.name.partition(".")[0] + ".json"
        ).exists():  # a crash before its manifest was written
            remove(file)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
