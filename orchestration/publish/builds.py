"""The published builds that are kept: of each a DuckDB file, its manifest, and Parquet files if there are any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.state import position
from stammkunde.errors import StammkundeError
from stammkunde.files import UNFINISHED, UNREADABLE, known_hash, read_json, remove
from stammkunde.places import Places
from stammkunde.published import published_row

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
    def position(self) -> tuple[int, str]:
        return position(self.manifest)

    @property
    def is_whole(self) -> bool:
        """Whether its file is what was published, by its checksum."""
        try:
            return known_hash(self.file) == self.manifest.get("sha256")
        except OSError:
            return False

    @property
    def parquet(self) -> Path:
        """The folder of its Parquet files; builds of DuckDB have one where they are asked for."""
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
    """The builds that are kept, the latest first; without those whose manifest cannot be read (mending tells of it)."""
    return kept_in(places.kept_builds)


def kept_in(folder: Path) -> list[Kept]:
    """The same of any folder of such builds."""
    found = []
    for file in folder.glob("*.duckdb"):
        manifest = read_json(file.with_suffix(".json"))
        if manifest.get("build_id") == file.stem and file.is_file():
            found.append(Kept(file, manifest))
    return sorted(found, key=lambda build: build.position, reverse=True)


def beyond(builds: Sequence[Kept], limit: int) -> list[Kept]:
    """The builds that are more than each shop may keep; `builds` has the latest first."""
    found: dict[str | None, list[Kept]] = defaultdict(list)
    for build in builds:
        found[build.shop].append(build)
    return [build for of_shop in found.values() for build in of_shop[limit:]]


def baseline(places: Places, names: Collection[str]) -> Kept | None:
    """The latest published build of the same shop, by any of its names, that was not rolled back; the published file
    itself where none is kept. Whether settings or models are others is for the gate to say."""
    current = published_row(places.published)
    if current is None:
        return None
    for build in kept(places):
        is_candidate = build.shop in names and not build.is_withdrawn and build.position <= position(current)
        if is_candidate and build.is_whole:
            return build
    known = {**read_json(places.manifest), **current}
    return Kept(places.published, known) if current.get("shop") in names else None


def forget(build: Kept) -> None:
    """The manifest goes first: after a crash between them, files without one are removed as unfinished."""
    build.file.with_suffix(".json").unlink(missing_ok=True)
    remove(build.file)
    remove(build.excluded_orders)
    remove(build.parquet)


def remove_unfinished(places: Places) -> None:
    """Take away what a crash left half written."""
    for folder in (places.kept_builds, places.published.parent, places.rebuilt):
        for left in folder.glob(f"*{UNFINISHED}*"):
            remove(left)
    for file in places.kept_builds.glob(BUILD_IDS):
        if UNREADABLE in file.name:
            continue
        if not file.with_name(file.name.partition(".")[0] + ".json").exists():  # a crash before its manifest
            remove(file)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
