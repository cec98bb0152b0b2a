"""What outages and restores leave beside the places of a warehouse: set aside as unreadable, given up for a backup, or
unfinished."""

from __future__ import annotations

import glob
import os
import tempfile
from pathlib import Path

from stammkunde.database import wal_of
from stammkunde.files import REPLACED, UNREADABLE
from stammkunde.places import Places

RESTORED = "restored"  # in the records: what a restore leaves to a person
UNPACKED = "restore."  # how the folder begins that an archive is unpacked into, in the state folder


def unreadable(places: Places) -> list[Path]:
    """What was set aside because it could not be read. A person takes it away."""
    return marked(places, UNREADABLE)


def given_up(places: Places) -> list[Path]:
    """Records and builds that a backup took the place of."""
    return marked(places, REPLACED)


def marked(places: Places, mark: str) -> list[Path]:
    """What has a mark in its name, beside a place of this warehouse or in a folder of it. Other warehouses may lie in
    the same folders."""
    folders = [places.state, places.records, places.kept_builds, places.rebuilt]
    own = [
        places.warehouse, wal_of(places.warehouse), places.prepared, places.collected, places.published,
        places.manifest, places.published_parquet, *folders,
    ]  # fmt: skip
    beside = {path for place in own for path in place.parent.glob(f"{glob.escape(place.name)}{mark}*")}
    given_up = [path for folder in folders for path in folder.parent.glob(f"{glob.escape(folder.name)}{REPLACED}*")]
    return sorted(beside.union(*(folder.rglob(f"*{mark}*") for folder in [*folders, *given_up])))


def interrupted_restores(places: Places) -> list[Path]:
    """Archives that were being unpacked when a restore was killed."""
    return sorted(places.state.glob(f"{UNPACKED}*"))


def temporary_folders() -> list[Path]:
    """Temporary folders of commands of this user that run, or were killed."""
    found = Path(tempfile.gettempdir()).glob("stammkunde[-_]*")
    return sorted(path for path in found if path.is_dir() and path.stat().st_uid == os.getuid())
