"""What a person should look at before a run: found in the staging models, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..states import valued

BLOCKS, LOOK = "!!", " !"  # how findings are marked


@dataclass(frozen=True)
class Finding:
    """One thing to look at, and what to do. What blocks would keep a run from publishing."""

    text: str
    do: str
    blocks: bool = False


def findings_report(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings, those that block last: next to the verdict."""
    listed = sorted(findings, key=lambda finding: finding.blocks)
    if not listed:
        return
    yield "What to look at"
    for finding in listed:
        yield f" {BLOCKS if finding.blocks else LOOK} {finding.text}"
        yield f"      {finding.do}"
    yield ""


def value_of(connection: duckdb.DuckDBPyConnection, orders: str) -> str:
    """The value by currency of the orders in what stands after `from`."""
    query = f"select currency, sum(amount) from {orders} group by currency"
    return valued(dict(connection.execute(query).fetchall()))


def files(names: Iterable[object]) -> str:
    """Files by their names alone."""
    return ", ".join(sorted({Path(str(name)).name for name in names if name})) or "a table"


def counted(number: int, one: str, several: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else several}"
