"""The published file, as everyone reads it: opened read-only, read, and closed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from stammkunde.database import read_only, rows
from stammkunde.errors import PublishedFileError, one_line

AN_EMAIL = "%_@_%._%"  # no text of a published mart is or holds one


@contextmanager
def opened(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Readers' connection to the published marts. Raises PublishedFileError where there is nothing that can be read."""
    if not published.exists():
        raise PublishedFileError(
            f"nothing is published at {published} (STAMMKUNDE_PUBLISHED): run a refresh first with 'make run'"
        )
    try:
        with read_only(published) as connection:
            yield connection
    except duckdb.Error as error:
        raise PublishedFileError(f"{published}: cannot be read: {one_line(error)}") from error


def published_row(published: Path) -> Mapping[str, Any] | None:
    """What is known of the build that readers see; None where nothing is published. Raises PublishedFileError."""
    if not published.exists():
        return None
    with opened(published) as connection:
        found = rows(connection, "select * from marts.build")
    if len(found) != 1 or not found[0].get("build_id"):
        raise PublishedFileError(f"{published}: cannot be read: marts.build has {len(found)} rows instead of one")
    return found[0]


def published_build(published: Path) -> str | None:
    """Which build readers see; None where nothing is published. Raises PublishedFileError."""
    found = published_row(published)
    return str(found["build_id"]) if found else None


def published_settings(published: Path) -> dict[str, object]:
    """The settings of the published build; empty where nothing is published, or nobody noted them."""
    found = published_row(published) or {}
    return json.loads(found.get("settings") or "{}")


def published_shop(published: Path) -> str | None:
    """Whose figures readers see; None where nothing is published, or nobody noted it. Raises PublishedFileError."""
    return (published_row(published) or {}).get("shop")
