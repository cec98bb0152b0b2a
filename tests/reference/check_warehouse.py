"""Hold a built warehouse against the calculation, on a random shop or on any raw directory.

    python -m tests.reference.check_warehouse write DIRECTORY --seed 7 [--order-rows 200] [--ambiguous]
    python -m tests.reference.check_warehouse compare DIRECTORY WAREHOUSE [--schema marts] [--only mart,mart]

`write` puts `raw/` and `settings.json` (the dbt vars, run_at among them) into DIRECTORY; `compare` calculates from
them and prints a line per mart; it ends with 1 if anything differs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import typer

from .calculate import ACCOUNTED_ENTITIES, MARTS, calculate
from .comparison import INSTANTS_OF, Row, beyond, compare
from .files import read_raw, read_table, write_shop
from .random_shop import files_of, random_shop


def read_mart(connection: duckdb.DuckDBPyConnection, schema: str, mart: str) -> list[Row]:
    source = f'"{schema}"."{mart}"'
    if mart in ("row_accounting", "source_accounting"):
        return read_table(connection, f'{source} where entity in {ACCOUNTED_ENTITIES} and "rows" > 0')
    if mart in INSTANTS_OF:  # as UTC without a zone, whichever of the two types it has
        in_utc = ", ".join(f"cast({column} as timestamp) as {column}" for column in INSTANTS_OF[mart])
        return read_table(connection, f"(select * replace ({in_utc}) from {source})")
    return read_table(connection, source)


def compare_warehouse(
    directory: Path, warehouse: Path, schema: str = "marts", only: Sequence[str] = MARTS
) -> dict[str, list[str]]:
    """mart -> problems. Every column is compared; a mart that is not there is a problem, and so is a column that the
    calculation does not have."""
    settings = json.loads((directory / "settings.json").read_text(encoding="utf-8"))
    marts = calculate(read_raw(directory / "raw"), settings)
    found: dict[str, list[str]] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for mart in only:
            try:
                got = read_mart(connection, schema, mart)
                found[mart] = compare(mart, got, marts[mart]) + beyond(mart, got, marts[mart])
            except duckdb.Error as error:
                found[mart] = [str(error).splitlines()[0]]
    return found


app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def write(directory: Path, seed: int = typer.Option(), order_rows: int | None = None, ambiguous: bool = False) -> None:
    """Write a random shop and its settings."""
    entities, settings = random_shop(seed, order_rows=order_rows, ambiguous=ambiguous)
    write_shop(directory, entities, settings, parts=files_of(seed))


@app.command(name="compare")
def compare_all(directory: Path, warehouse: Path, schema: str = "marts", only: str = ",".join(MARTS)) -> None:
    """Compare a warehouse with the calculation."""
    found = compare_warehouse(directory, warehouse, schema, only.split(","))
    for mart, problems in found.items():
        print(f"{mart}: {'DIFFERS ' + '; '.join(problems) if problems else 'equal'}")
    raise typer.Exit(int(any(found.values())))


if __name__ == "__main__":
    app()
