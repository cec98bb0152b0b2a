"""What comes out of each system's export: the rows of tests/connectors/<system>/<shape>, row by row.

A shape is a folder `raw` in the form of the real export, with invented rows, and a folder `expected` with the canonical
rows of each entity (a CSV of the columns that the preset maps; instants in UTC) and with `left_out.csv`, the number of
rows by entity and by the rule that left them out. `mapping.yml` in `raw` is what a user would write; without it the
mapping is one source called like the system.
"""

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from intake.entities import entities
from intake.prepare import prepare
from intake.propose import propose

FOLDER = Path(__file__).with_name("connectors")
SHAPES = sorted(path.parent for path in FOLDER.glob("*/*/raw"))
OF_INTAKE = ("source_file", "malformed_line")


def raw_folder(shape: Path, folder: Path) -> Path:
    """A copy of the export, in a folder called like the system beside nothing else."""
    raw = folder / "raw"
    for path in (shape / "raw").rglob("*"):
        if path.is_file():
            target = raw / path.relative_to(shape / "raw")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return raw


def prepared(shape: Path, folder: Path) -> Path:
    """The folder that dbt would read."""
    raw = raw_folder(shape, folder)
    if not (raw / "mapping.yml").exists():
        (raw / "mapping.yml").write_text(f"sources: [{shape.parent.name}]\n")
    return prepare(raw, folder / "prepared", elsewhere=["orders"])


def rows_of(folder: Path, entity: str) -> list[dict[str, str]]:
    """The rows of an entity as text, times as instants in UTC, numbers without zeros behind them."""
    files = [*folder.glob(f"{entity}.parquet"), *folder.glob(f"{entity}/*.parquet")]
    if not files:
        return []
    names = ", ".join(f"'{file}'" for file in files)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        source = f"read_parquet([{names}], union_by_name = true)"
        columns = [
            name for name, *_ in connection.execute(f"describe from {source}").fetchall() if name not in OF_INTAKE
        ]
        kinds = {name: entities()[entity].columns[name].kind for name in columns}
        shown = ", ".join(f"{as_text(name, kinds[name])} as {name}" for name in columns)
        found = connection.execute(f"select {shown} from {source}").fetchall()
    return [{name: "" if value is None else value for name, value in zip(columns, row, strict=True)} for row in found]


def as_text(name: str, kind: str) -> str:
    text = f"cast({name} as varchar)"
    if kind == "timestamp":
        instant = f"rtrim(rtrim(strftime(try_cast({name} as timestamptz), '%Y-%m-%d %H:%M:%S.%f'), '0'), '.')"
        return f"coalesce({instant}, {text})"
    if kind == "decimal":
        number = f"cast(try_cast({text} as decimal(18, 4)) as varchar)"
        return f"coalesce(rtrim(rtrim({number}, '0'), '.'), {text})"
    return text


def expected(shape: Path) -> dict[str, list[dict[str, str]]]:
    return {
        path.stem: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(keepends=True)))
        for path in sorted((shape / "expected").glob("*.csv"))
    }


def in_order(rows: list[dict[str, str]]) -> list[tuple]:
    return sorted(tuple(sorted((key, value) for key, value in row.items() if value)) for row in rows)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.parent.name}-{shape.name}")
def test_an_export_becomes_the_rows_that_stand_beside_it(shape: Path, tmp_path: Path) -> None:
    folder = prepared(shape, tmp_path)
    known = expected(shape)
    left_out = {(row["entity"], row["reason"]): int(row["rows"]) for row in known.pop("left_out", [])}
    for entity in entities():
        assert in_order(rows_of(folder, entity)) == in_order(known.get(entity, [])), entity
    found: Counter[tuple[str, str]] = Counter()
    read = handed_on = lost = 0
    with duckdb.connect() as connection:
        if (folder / "intake_outcomes.parquet").exists():
            for entity, outcome, reason, rows in connection.execute(
                f"select entity, outcome, reason, \"rows\" from '{folder}/intake_outcomes.parquet'"
            ).fetchall():
                lost += rows
                found[entity, reason if outcome == "left_out" else outcome] += rows
        read, handed_on = connection.execute(
            f"select sum(rows_read), sum(rows_handed_on) from '{folder}/intake_files.parquet'"
        ).fetchall()[0]
    assert found == left_out
    assert read == handed_on + lost


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.parent.name}-{shape.name}")
def test_map_recognises_an_export_and_proposes_what_reads_it(shape: Path, tmp_path: Path) -> None:
    if (shape / "raw" / "mapping.yml").exists():
        pytest.skip("what this export means is said by a person (mapping.yml beside it)")
    raw = raw_folder(shape, tmp_path)
    text = "\n".join(propose(raw))
    (raw / "mapping.yml").write_text(text, encoding="utf-8")
    folder = prepare(raw, tmp_path / "prepared", elsewhere=["orders"])
    known = expected(shape)
    for entity in entities():
        assert in_order(rows_of(folder, entity)) == in_order(known.get(entity, [])), (entity, text)
