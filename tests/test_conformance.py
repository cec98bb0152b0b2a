"""The marts equal calculations that were made independently of this project, row by row."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, build_models
from tests.reference.check_conformance import compare_with_expected, expected_rows, seeds_of
from tests.reference.check_warehouse import read_mart
from tests.reference.comparison import KEYS, MARTS_TO_COME

CASES = PROJECT.parent / "shared" / "conformance-2"
QUICK = ("edge", "settings", "email", "signals")


@pytest.mark.skipif(not CASES.exists(), reason="the conformance cases are not part of the project")
@pytest.mark.parametrize(
    "case", [*QUICK, *(pytest.param(case, marks=pytest.mark.long) for case in ("shop", "bare", "past"))]
)
def test_marts_equal_the_expected_rows(case: str, tmp_path: Path) -> None:
    settings = json.loads((CASES / case / "settings.json").read_text())
    build = build_models(tmp_path, CASES / case / "raw", settings, seeds=seeds_of(CASES / case))
    expected = expected_rows(CASES / case)
    assert {"row_accounting", "orders", "customers", "cohort_retention", "retention_kpis"} <= expected.keys()
    assert expected.keys() <= KEYS.keys()
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = {m: compare_with_expected(m, read_mart(connection, "marts", m), want) for m, want in expected.items()}
        assert {mart: problems for mart, problems in found.items() if problems} == {}
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert {mart for (mart,) in tables} & set(MARTS_TO_COME) == set()  # a mart that is there is compared
