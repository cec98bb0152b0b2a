"""A build as readers get it, without a refresh: its marts as tables of a file of their own."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.publish.copy import write


def published_copy(warehouse: Path, target: Path) -> Path:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        build_id = connection.execute("select build_id from marts.build").fetchall()[0][0]
    write(warehouse, target, build_id, {})
    return target
