"""Files that others read: written aside and renamed, so that a crash leaves the one before."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished"
# What is set aside has one of these in its name, and a number.
UNREADABLE = ".unreadable-"  # nobody can tell what it holds
REPLACED = ".replaced-"  # given up for a backup
# Who may do what: only figures are for everybody, and those that are published are changed by nobody.
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
PUBLIC_FOLDER, PUBLIC_FILE, PUBLISHED_FILE = 0o755, 0o644, 0o444
PASSED_FOLDER = 0o711  # others may pass it, to where a link leads them, and not look into it


def aside(path: Path) -> Path:
    """Where a file or folder is written before it takes its place."""
    return path.with_name(path.name + UNFINISHED)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Gives the path to write to; what was written there takes the place of `path` if all went well.

    A folder is replaced by way of two renames; a crash between them leaves the one before under `.earlier`, from where
    the next replacement brings it back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    earlier = path.with_name(path.name + ".earlier")
    if earlier.exists() and not path.exists():
        earlier.rename(path)
    remove(aside(path))
    remove(earlier)
    try:
        yield aside(path)
    except BaseException:
        remove(aside(path))
        raise
    if path.is_dir() and not path.is_symlink():
        path.rename(earlier)
        try:
            aside(path).rename(path)
        except OSError:
            earlier.rename(path)
            raise
        shutil.rmtree(earlier, ignore_errors=True)
    else:
        aside(path).replace(path)


def free_name(path: Path, mark: str) -> Path:
    """A name beside a path that is not taken yet: what lies there is kept under it."""
    names = (path.with_name(f"{path.name}{mark}{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def set_aside(path: Path) -> Path:
    """Keep what cannot be read under a name of its own, and give that: its place is free then."""
    kept = free_name(path, UNREADABLE)
    path.rename(kept)
    return kept


def make_private_folder(path: Path) -> None:
    """A folder that only its owner looks into, made or made so. Others may pass those above it, where they are new."""
    make_public_folder(path.parent)
    path.mkdir(exist_ok=True)
    with suppress(PermissionError):  # another owner's: doctor tells of it
        path.chmod(PRIVATE_FOLDER)


def keep_private() -> None:
    """What this process and those that it starts write is for its owner, unless it is made public."""
    os.umask(0o077)


def make_public_folder(path: Path) -> None:
    """A folder that everybody may read, where it is new: the mode of one that is there is a decision of its owner."""
    if path.is_dir():
        return
    make_public_folder(path.parent)
    path.mkdir(exist_ok=True)
    path.chmod(PUBLIC_FOLDER)


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON document holds; empty where it is not there, cannot be read or is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_private(path: Path, text: str) -> None:
    """Replace a text file that only its owner may read, from its first byte on."""
    make_private_folder(path.parent)
    with replaced(path) as unfinished:
        unfinished.touch(PRIVATE_FILE)
        unfinished.write_text(text, encoding="utf-8")
        to_disk(unfinished)


def write_json(path: Path, content: Mapping[str, object], mode: int = PRIVATE_FILE) -> None:
    """Replace a file by a JSON document; dates and paths as text."""
    write_json_aside(path, content, mode)
    aside(path).replace(path)


def write_json_aside(path: Path, content: Mapping[str, object], mode: int = PRIVATE_FILE) -> None:
    """Write a JSON document beside its place, on the disk: what is left to do needs no space."""
    aside(path).write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    aside(path).chmod(mode)
    to_disk(aside(path))


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a path that was found in a folder is, all links followed, not below it."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def remove(path: Path) -> None:
    """Take away a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """What was written survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def content_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def known_hash(path: Path) -> str:
    """SHA-256 of a file that is read once under all its names, and again only after it was written to."""
    found = path.stat()
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if state not in HASHES:
        HASHES[state] = content_hash(path)
    return HASHES[state]


HASHES: dict[tuple[int, ...], str] = {}
