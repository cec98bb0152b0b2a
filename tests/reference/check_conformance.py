"""Hold the calculation against cases with known results.

    python -m tests.reference.check_conformance DIRECTORY [--run-at 2026-11-22T00:00:00Z]

DIRECTORY holds one folder per case: `raw/`, `settings.json`, `expected/<mart>.parquet`. Prints a line per case and
mart; ends with 1 if anything differs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer

from .calculate import ACCOUNTED_ENTITIES, calculate
from .comparison import COLUMNS_TO_COME, MARTS_TO_COME, Row, compare
from .files import read_file, read_raw
from .seeds import read_seeds

MADE_WITH_SEEDS_OF_SIGNALS = ("signals", "bare", "past")
DEFAULT_RUN_AT = "2026-11-22T00:00:00Z"


def seeds_of(case: Path) -> Path | None:
    """The seeds that the expected rows were made with, where these are not the project's own."""
    return case.parent / "signals" / "seeds" if case.name in MADE_WITH_SEEDS_OF_SIGNALS else None


def expected_rows(case: Path) -> dict[str, list[Row]]:
    """mart -> its expected rows, as far as there is something to compare them with. `_as_of` is no mart."""
    found: dict[str, list[Row]] = {}
    for path in sorted((case / "expected").glob("[!_]*.parquet")):
        if path.stem not in MARTS_TO_COME:
            found[path.stem] = read_file(path)
    if "row_accounting" in found:
        found["row_accounting"] = [row for row in found["row_accounting"] if row["entity"] in ACCOUNTED_ENTITIES]
    return found


def compare_with_expected(mart: str, got: Sequence[Row], want: Sequence[Row]) -> list[str]:
    if mart == "orders":  # the expected instants are cut to seconds
        got = [{**row, "ordered_at": str(row["ordered_at"])[:19]} for row in got]
    return compare(mart, got, want, without=COLUMNS_TO_COME.get(mart, ()))


def check_case(case: Path, run_at: str) -> dict[str, list[str]]:
    """mart -> problems, for every mart with an expected result."""
    settings = {"run_at": run_at, **json.loads((case / "settings.json").read_text(encoding="utf-8"))}
    marts = calculate(read_raw(case / "raw"), settings, read_seeds(seeds_of(case)))
    return {mart: compare_with_expected(mart, marts[mart], want) for mart, want in expected_rows(case).items()}


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
