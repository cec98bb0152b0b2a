"""Exports as rows in memory: made from what a shop knew by a day, changed by damages, written as a raw folder."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

Row = dict[str, str]


class Record(NamedTuple):
    """A row of a raw entity, and the day from which on the shop exports it."""

    known: date
    entity: str
    row: Row


@dataclass(frozen=True)
class Export:
    """The raw entities that a shop exported, and files that are exported as they are."""

    tables: Mapping[str, Sequence[Row]]
    files: tuple[Path, ...] = ()

    @property
    def orders(self) -> Sequence[Row]:
        return self.tables["orders"]

    def with_table(self, entity: str, rows: Iterable[Row]) -> Export:
        return replace(self, tables={**self.tables, entity: list(rows)})

    def with_orders(self, rows: Iterable[Row]) -> Export:
        return self.with_table("orders", rows)

    def write(self, folder: Path) -> None:
        """The export as a raw folder, in place of what the folder held."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for entity, rows in self.tables.items():
            if rows:
                write_rows(folder / f"{entity}.csv", rows)
        for file in self.files:
            shutil.copyfile(file, folder / file.name)


def write_rows(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@dataclass(frozen=True)
class Shop:
    """A shop with its whole history. A refresh that is judged comes `days_between` days after the baseline."""

    name: str
    last_day: date
    days_between: int
    records: Sequence[Record]
    files: tuple[Path, ...] = ()

    def export(self, day: date) -> Export:
        """What was known by the end of a day."""
        tables: dict[str, list[Row]] = {}
        for known, entity, row in self.records:
            if known <= day:
                tables.setdefault(entity, []).append(row)
        return Export(tables, self.files)

    def changed(self, change: Callable[[Record], Record | None]) -> Shop:
        """The shop with another history: each record as `change` gives it, none where it gives none."""
        return replace(self, records=[new for record in self.records if (new := change(record))])


def export(shop: Shop, day: date, folder: Path) -> None:
    """Write what a shop exports at the end of a day."""
    shop.export(day).write(folder)
