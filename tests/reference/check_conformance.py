"""Hold the calculation against cases with known results.

    python -m tests.reference.check_conformance DIRECTORY [--run-at 2026-11-22T00:00:00Z]

DIRECTORY holds one folder per case: `raw/*.csv`, `settings.json`, `expected/<mart>.parquet`. Prints a line per case and
mart; ends with 1 if anything differs. Needs duckdb for reading Parquet.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import typer

from .calculate import calculate
from .comparison import KEYS, Row, compare
from .files import read_raw

DEFAULT_RUN_AT = "2026-11-22T00:00:00Z"


def read_table(connection: duckdb.DuckDBPyConnection, source: str) -> list[Row]:
    cursor = connection.execute(f"select * from {source}")
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]


def check_case(case: Path, run_at: str) -> dict[str, list[str]]:
    """mart -> problems, for every mart with an expected result."""
    settings = {"run_at": run_at, **json.loads((case / "settings.json").read_text(encoding="utf-8"))}
    marts = calculate(read_raw(case / "raw"), settings)
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        for mart in KEYS:
            path = case / "expected" / f"{mart}.parquet"
            if path.exists():
                want = read_table(connection, "'" + str(path).replace("'", "''") + "'")
                got = marts[mart]
                if mart == "orders":  # the expected instants are cut to seconds
                    got = [{**row, "ordered_at": str(row["ordered_at"])[:19]} for row in got]
                found[mart] = compare(mart, got, want)
    return found


def main(directory: Path, run_at: str = DEFAULT_RUN_AT) -> None:
    """Compare the calculation with every case of a directory."""
    failed = False
    for case in sorted(path.parent for path in directory.glob("*/settings.json")):
        for mart, problems in check_case(case, run_at).items():
            print(f"{case.name}: {mart}: {'DIFFERS ' + '; '.join(problems) if problems else 'equal'}")
            failed = failed or bool(problems)
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
