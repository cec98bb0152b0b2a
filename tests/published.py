"""A build as readers get it, without a refresh: its marts as tables of a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.publish.copy import write
from stammkunde.manifest import Words


def published_copy(warehouse: Path, target: Path, words: Mapping[str, Words] | None = None) -> Path:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        build_id = connection.execute("select build_id from marts.build").fetchall()[0][0]
    write(warehouse, target, build_id, words or {})
    return target
