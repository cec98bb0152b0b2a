"""What a file of a raw folder may unpack to: a small one may hold more than this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from stammkunde.database import path_literal
from stammkunde.environment import bytes_of, environment

from ..errors import IntakeError

if TYPE_CHECKING:
    from _typeshed import SupportsRead

UNPACKED = "STAMMKUNDE_UNPACKED_LIMIT"
PART_OF_EXCEL = 10  # an Excel file may hold a tenth: a sheet of a million rows stays far below


def too_large(path: Path, limit: str) -> IntakeError:
    return IntakeError(
        f"{path} ({path.stat().st_size:,} bytes): unpacks to more than {limit} ({UNPACKED}). If it is a real export, "
        f"give {UNPACKED} a larger size; else take the file away"
    )


class Budget:
    """The bytes that a file may still unpack to. `before`: what other files of the folder have unpacked to."""

    def __init__(self, path: Path, before: int = 0) -> None:
        self.path = path
        self.limit = environment().unpacked_limit
        self.left = bytes_of(self.limit) - before

    def take(self, count: int) -> None:
        """Raises IntakeError where nothing is left."""
        self.left -= count
        if self.left < 0:
            raise too_large(self.path, self.limit)


class Unpacked:
    """A stream of what a packed file holds, up to what it may hold."""

    def __init__(self, source: SupportsRead[bytes], budget: Budget) -> None:
        self.source = source
        self.budget = budget

    def read(self, length: int = 1 << 20, /) -> bytes:
        chunk = self.source.read(length)
        self.budget.take(len(chunk))
        return chunk


def check_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raises IntakeError by what a Parquet file says of itself: its bytes unpacked, or at least one for each value."""
    query = (
        "select coalesce(greatest(sum(cast(total_uncompressed_size as hugeint)), sum(cast(num_values as hugeint))), 0) "
        f"from parquet_metadata({path_literal(path)})"
    )
    limit = environment().unpacked_limit
    if connection.execute(query).fetchall()[0][0] > bytes_of(limit):
        raise too_large(path, limit)
