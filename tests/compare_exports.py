"""Compare two exports of the marts row by row, in both directions, types included.

    python -m tests.compare_exports FOLDER OTHER_FOLDER

Each folder holds one folder of Parquet files per mart; `dbt run-operation export_marts` writes such folders. Who wrote
them does not matter. Every value must be the same, but doubles may differ by one part in a billion, because their last
digits depend on the order in which numbers are added up. The exit status is 1 if anything differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
# These columns say which build it is, not what was built: two builds of the same orders differ in them.
OF_THE_BUILD = {
    "build": ("build_id", "built_at", "engine", "baseline_build_id"),
    "builds": ("build_id", "built_at", "baseline_build_id"),
    "check_results": ("build_id", "judged_at"),
}


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = connection.execute(f"describe {table}").fetchall()
    return {name: data_type for name, data_type, *_ in rows}


def compare_tables(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> list[str]:
    """What differs between two tables, one line per finding; empty when they are equal.

    Rows belong together when all their values but the doubles are the same. Where several rows agree in these, their
    doubles are compared in ascending order.
    """
    columns, other_columns = columns_of(connection, one), columns_of(connection, other)
    if columns != other_columns:
        differing = sorted({name for name, _ in columns.items() ^ other_columns.items()})
        return [f"{name}: {columns.get(name)} and {other_columns.get(name)}" for name in differing]
    if list(columns) != list(other_columns):
        return ["the columns are in another order"]
    doubles = [name for name, data_type in columns.items() if data_type == "DOUBLE"]
    exact = [name for name in columns if name not in doubles]
    return rows_of_one_side(connection, one, other, exact) or differing_doubles(connection, one, other, exact, doubles)


def rows_of_one_side(connection: duckdb.DuckDBPyConnection, one: str, other: str, exact: list[str]) -> list[str]:
    problems = []
    values = ", ".join(f'"{name}"' for name in exact)
    for side, here, there in (("first", one, other), ("second", other, one)):
        alone = f"select {values} from {here} except all select {values} from {there}"
        count, example = connection.execute(f"select count(*), any_value(alone) from ({alone}) as alone").fetchone()
        if count:
            problems.append(f"{count} rows only in the {side}, e.g. {example}")
    return problems


def differing_doubles(
    connection: duckdb.DuckDBPyConnection, one: str, other: str, exact: list[str], doubles: list[str]
) -> list[str]:
    """What differs in the doubles of two tables whose rows are otherwise the same."""
    problems = []
    values = ", ".join(f'"{name}"' for name in exact)
    for name in doubles:
        numbered = (
            f"""select *, "{name}" as number_, row_number() over (partition by {values} order by "{name}") as copy_"""
        )
        same_row = " and ".join(f'a."{column}" is not distinct from b."{column}"' for column in exact)
        count, example = connection.execute(
            f"""
            select count(*), any_value([a.number_, b.number_])
            from ({numbered} from {one}) as a
            inner join ({numbered} from {other}) as b on a.copy_ = b.copy_ and {same_row}
            where
                a.number_ is not distinct from b.number_ is false
                and (abs(a.number_ - b.number_) <= {TOLERANCE} * greatest(1, abs(a.number_))) is not true
            """
        ).fetchone()
        if count:
            problems.append(f"{name}: {count} values differ, e.g. {example[0]!r} and {example[1]!r}")
    return problems


def compare_exports(one: Path, other: Path) -> dict[str, list[str]]:
    """By mart, what differs. A mart that only one of the folders holds is a difference, too."""
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for mart in sorted({path.name for folder in (one, other) for path in folder.iterdir() if path.is_dir()}):
            missing = [str(folder) for folder in (one, other) if not list((folder / mart).rglob("*.parquet"))]
            if missing:
                found[mart] = [f"missing in {', '.join(missing)}"]
                continue
            kept = ", ".join(f"cast(null as text) as {column}" for column in OF_THE_BUILD.get(mart, ()))
            values = f"* replace ({kept})" if kept else "*"
            for name, folder in (("one", one), ("other", other)):
                files = f"read_parquet('{folder / mart}/**/*.parquet', hive_partitioning = false)"
                connection.execute(f"create or replace temp table {name} as select {values} from {files}")
            found[mart] = compare_tables(connection, "one", "other")
    return found


def main() -> int:
    found = compare_exports(Path(sys.argv[1]), Path(sys.argv[2]))
    for mart, problems in found.items():
        print(f"{mart}: {'; '.join(problems) or 'equal'}")
    return 1 if not found or any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
