"""What commands say, and how."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from stammkunde.hiding import hidden

WIDEST = 500  # characters of a line of a table
console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True, style="red")


def say(text: str) -> None:
    """A line as it is: what files hold is no markup."""
    console.print(text, markup=False)


def show(lines: Iterable[str]) -> None:
    """Print lines as they are: what files hold is no markup. Secrets are left out."""
    for line in lines:
        console.print(hidden(line), markup=False)


def whole_lines(table: Table) -> Iterator[str]:
    """A table as wide as it is: names in it are there to be copied, and none may be cut off."""
    wide = Console(file=io.StringIO(), width=WIDEST, highlight=False)
    with wide.capture() as printed:
        wide.print(table, markup=False)
    yield from (line.rstrip() for line in printed.get().splitlines())
