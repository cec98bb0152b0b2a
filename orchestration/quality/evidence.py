"""What the gate looks at: aggregates of the build that is judged and of the published build before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from stammkunde.database import identifier, quoted

if TYPE_CHECKING:
    import pandas as pd

MEMORY = "1500MB"
PUBLISHED_BEFORE = "published_before"


@dataclass
class Evidence:
    """Aggregates by query. `warehouse` is None before dbt has run, `baseline` where there is nothing to compare."""

    raw_now: Sequence[Mapping[str, object]]
    raw_before: Sequence[Mapping[str, object]]
    today: date
    connection: duckdb.DuckDBPyConnection | None = None
    warehouse: Path | None = None
    baseline: Path | None = None
    _known: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)

    @property
    def has_baseline(self) -> bool:
        return self.baseline is not None

    def now(self, query: str) -> pd.DataFrame:
        return self._ask("now", query)

    def compared(self, query: str, keys: tuple[str, ...]) -> pd.DataFrame | None:
        """The aggregate now and before, side by side: counts that are missing on one side are 0."""
        if not self.has_baseline:
            return None
        now, before = self._ask("now", query), self._ask("before", query)
        merged = now.merge(before, on=list(keys), how="outer", suffixes=("", "_before"))
        counts = [column for column in merged.columns if column not in keys and merged[column].dtype.kind in "iuf"]
        return merged.fillna(dict.fromkeys(counts, 0))

    def raw_entities(self, *, compared: bool) -> pd.DataFrame | None:
        """The raw entities as they were measured before dbt started."""
        import pandas as pd

        now = pd.DataFrame([*self.raw_now])
        last = pd.to_datetime(now["last_date"])
        now = now.assign(days_old=(pd.Timestamp(self.today) - last).dt.days)
        if not compared:
            return now
        if not self.raw_before:
            return None
        both = now.merge(pd.DataFrame([*self.raw_before]), on="entity", how="outer", suffixes=("", "_before"))
        both = both.fillna({"rows": 0, "rows_before": 0}).astype({"rows": int, "rows_before": int})
        first, first_before = pd.to_datetime(both["first_date"]), pd.to_datetime(both["first_date_before"])
        last, last_before = pd.to_datetime(both["last_date"]), pd.to_datetime(both["last_date_before"])
        return both.assign(
            is_missing=((both["rows_before"] > 0) & (both["rows"] == 0)).astype(int),
            rows_ratio=both["rows"] / both["rows_before"].where(both["rows_before"] > 0),
            days_missing_at_the_start=(first - first_before).dt.days.clip(lower=0),
            days_missing_at_the_end=(last_before - last).dt.days.clip(lower=0),
        )

    def _ask(self, side: str, query: str) -> pd.DataFrame:
        if (side, query) not in self._known:
            assert self.connection is not None and self.warehouse is not None
            self.connection.execute(f"use {PUBLISHED_BEFORE if side == 'before' else identifier(self.warehouse.stem)}")
            self._known[side, query] = self.connection.execute(query).df()
        return self._known[side, query]


@contextmanager
def opened(warehouse: Path | None, baseline: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """What there is of both builds, to be read only. A warehouse keeps its name, which its views were made with."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        if warehouse:
            connection.execute(f"attach {quoted(str(warehouse))} as {identifier(warehouse.stem)} (read_only)")
        if baseline:
            connection.execute(f"attach {quoted(str(baseline))} as {PUBLISHED_BEFORE} (read_only)")
        yield connection
