"""How far a refresh is, as it tells: in Dagster's log, and on the terminal that it was started from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from stammkunde.hiding import hidden

LINES = 4  # that a count makes where nobody watches, as in the log of cron


class Telling:
    """What a refresh says: lines and, while models are built, how many of them are done."""

    def __init__(self, log: Callable[[str], None], console: Console | None = None) -> None:
        self.log = log
        self.console = console
        self._bar: tuple[Progress, TaskID] | None = None
        self._lines = 0

    def say(self, text: str) -> None:
        """A line, for the log and the terminal."""
        text = hidden(text)
        self.log(text)
        self._print(text)

    @contextmanager
    def counting(self, what: str) -> Iterator[None]:
        """The time in which something is counted: on a terminal with a bar that goes away at its end."""
        self._lines = 0
        if self.console is None or not self.console.is_terminal:
            yield
            return
        columns = (TextColumn("  {task.description}"), BarColumn(30), MofNCompleteColumn(separator=" of "))
        # What dbt prints goes into its log, not above the bar.
        bar = Progress(*columns, console=self.console, transient=True, redirect_stdout=False, redirect_stderr=False)
        try:
            with bar:
                self._bar = (bar, bar.add_task(what, total=None))
                yield
        finally:
            self._bar = None

    def count(self, done: int, total: int, what: str) -> None:
        """So many of all are done."""
        if self._bar:
            bar, task = self._bar
            bar.update(task, completed=done, total=total)
        elif (lines := done * LINES // total) > self._lines:
            self._lines = lines
            self._print(f"  {done:,} of {total:,} {what}")

    def _print(self, text: str) -> None:
        if self.console:
            self.console.print(text, markup=False)
            self.console.file.flush()
