"""What a check is: a column of an aggregate, its limits' name and its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter
from typing import Literal

# What there has to be to compare with: raw measures, columns and values of a former refresh, its marts, or the history
# of closed months.
Kind = Literal["raw", "columns", "marts", "history"]


@dataclass(frozen=True)
class Check:
    """One expectation: `column` of every row lies within the limits that thresholds.yml gives to `name`."""

    name: str
    column: str
    says: str  # what holds if it passes
    warns: str  # what is wrong if not, with the columns of the worst row to fill in
    unit: Literal["number", "percent", "points", "days", "times"] = "number"
    may_be_empty: str | None = None  # why there may be nothing to judge; without a reason that is a failure
    # What a person accepted stays accepted from build to build, as what is compared with a longer past has to, while it
    # is at most so many times as far as it was.
    stays_accepted: float | None = None
    follows_from: tuple[
        str, ...
    ] = ()  # checks of which this failure is the consequence: whoever accepted those knows it


@dataclass(frozen=True)
class Table:
    """One aggregate, sql/<suite>/<name>.sql, and its checks: a row for each thing that can be wrong, such as a month.

    `compared_with` names what is there only if there was a build before.
    """

    name: str
    keys: tuple[str, ...]
    checks: tuple[Check, ...]
    compared_with: Kind | None = None

    def columns_of(self, check: Check) -> list[str]:
        """The columns that a check needs, as they are shown: keys, what its words tell of, what it judges."""
        told = [field for _, field, _, _ in Formatter().parse(check.warns) if field]
        return list(dict.fromkeys([*self.keys, *(name for name in told if name != check.column), check.column]))


@dataclass(frozen=True)
class Suite:
    """Checks of one theme. `asks` is the question that they answer."""

    name: str
    asks: str
    tables: tuple[Table, ...]

    def checks(self) -> Iterator[Check]:
        return (check for table in self.tables for check in table.checks)
