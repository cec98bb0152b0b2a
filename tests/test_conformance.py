"""The marts equal calculations that were made independently of this project, row by row."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, build_models
from tests.reference.check_conformance import read_table
from tests.reference.check_warehouse import read_mart
from tests.reference.comparison import KEYS, compare

CASES = PROJECT.parent / "shared" / "conformance"


@pytest.mark.skipif(not CASES.exists(), reason="the conformance cases are not part of the project")
@pytest.mark.parametrize("case", ["edge", "settings", "shop"])
def test_marts_equal_the_expected_rows(case: str, tmp_path: Path) -> None:
    settings = json.loads((CASES / case / "settings.json").read_text())
    build = build_models(tmp_path, CASES / case / "raw", settings)
    # A case holds the marts that there were when it was calculated; _as_of is no mart.
    expected = {file.stem: file for file in (CASES / case / "expected").glob("[!_]*.parquet")}
    assert {"orders", "customers", "cohort_retention", "retention_kpis"} <= expected.keys() <= KEYS.keys()
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for mart, file in expected.items():
            want = read_table(connection, f"'{file}'")
            got = read_mart(connection, "marts", mart)
            if mart == "orders":  # the expected instants are cut to seconds
                got = [{**row, "ordered_at": str(row["ordered_at"])[:19]} for row in got]
            assert compare(mart, got, want) == []
