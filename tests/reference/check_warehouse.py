"""Hold a built warehouse against the calculation, on a random shop or on any raw directory.

    python -m tests.reference.check_warehouse write DIRECTORY --seed 7 [--order-rows 200] [--ambiguous]
    python -m tests.reference.check_warehouse compare DIRECTORY WAREHOUSE [--schema marts] [--only mart,mart]

`write` puts `raw/*.csv` and `settings.json` (the dbt vars, run_at among them) into DIRECTORY; `compare` calculates from
them and prints a line per mart; it ends with 1 if anything differs. Needs duckdb for reading the warehouse.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from .calculate import MARTS, calculate
from .check_conformance import read_table
from .comparison import Row, compare
from .files import read_raw, write_shop
from .random_shop import random_shop


def read_mart(connection: duckdb.DuckDBPyConnection, schema: str, mart: str) -> list[Row]:
    source = f'"{schema}"."{mart}"'
    if mart == "row_accounting":
        return read_table(connection, f"{source} where entity = 'orders' and \"rows\" > 0")
    if mart == "orders":  # as UTC without a zone, whichever of the two types it has
        return read_table(connection, f"(select * replace (cast(ordered_at as timestamp) as ordered_at) from {source})")
    return read_table(connection, source)


def compare_warehouse(
    directory: Path, warehouse: Path, schema: str = "marts", only: Sequence[str] = MARTS
) -> dict[str, list[str]]:
    """mart -> problems. Every column of the calculation is compared; a mart that is not there is a problem."""
    settings = json.loads((directory / "settings.json").read_text(encoding="utf-8"))
    marts = calculate(read_raw(directory / "raw"), settings)
    found: dict[str, list[str]] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for mart in only:
            try:
                found[mart] = compare(mart, read_mart(connection, schema, mart), marts[mart])
            except duckdb.Error as error:
                found[mart] = [str(error).splitlines()[0]]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("directory", type=Path)
    write.add_argument("--seed", type=int, required=True)
    write.add_argument("--order-rows", type=int)
    write.add_argument("--ambiguous", action="store_true")
    comparing = commands.add_parser("compare")
    comparing.add_argument("directory", type=Path)
    comparing.add_argument("warehouse", type=Path)
    comparing.add_argument("--schema", default="marts")
    comparing.add_argument("--only")
    arguments = parser.parse_args()
    if arguments.command == "write":
        shop = random_shop(arguments.seed, order_rows=arguments.order_rows, ambiguous=arguments.ambiguous)
        write_shop(arguments.directory, *shop)
        return 0
    only = arguments.only.split(",") if arguments.only else MARTS
    found = compare_warehouse(arguments.directory, arguments.warehouse, arguments.schema, only)
    for mart, problems in found.items():
        print(f"{mart}: {'DIFFERS ' + '; '.join(problems) if problems else 'equal'}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
