"""Raw directories as the project takes them in (CSV only)."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Entities = dict[str, list[dict[str, str | None]]]
ENTITIES = ("orders", "customers", "exchange_rates", "order_lines")


def read_raw(directory: Path) -> Entities:
    """Each entity from `<entity>.csv` or the CSV files in the folder `<entity>/`; missing ones stay away."""
    found: Entities = {}
    for entity in ENTITIES:
        single = directory / f"{entity}.csv"
        paths = [single] if single.exists() else sorted((directory / entity).glob("*.csv"))
        if paths:
            found[entity] = []
            for path in paths:
                with path.open(encoding="utf-8-sig", newline="") as file:
                    found[entity].extend(csv.DictReader(file))
    return found


def write_raw(directory: Path, entities: Mapping[str, Sequence[Mapping[str, str | None]]], *, parts: int = 1) -> None:
    """One CSV file per entity, or, with `parts` above 1, a folder of that many files for `orders`."""
    directory.mkdir(parents=True, exist_ok=True)
    for entity, rows in entities.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        if parts > 1 and entity == "orders":
            (directory / entity).mkdir(exist_ok=True)
            for part in range(parts):
                write_csv(directory / entity / f"part{part}.csv", columns, rows[part::parts])
        elif rows:
            write_csv(directory / f"{entity}.csv", columns, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: row.get(column) for column in columns} for row in rows)


def write_shop(
    directory: Path, entities: Mapping[str, Sequence[Mapping[str, str | None]]], settings: Mapping[str, object]
) -> None:
    """`directory/raw/*.csv` and `directory/settings.json`."""
    write_raw(directory / "raw", entities)
    text = json.dumps(dict(settings), indent=2, ensure_ascii=False)
    (directory / "settings.json").write_text(text + "\n", encoding="utf-8")
