"""The marts equal calculations that were made independently of this project, row by row."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, build_models
from tests.reference.check_conformance import compare_with_expected, expected_rows, seeds_of
from tests.reference.check_warehouse import read_mart
from tests.reference.comparison import KEYS, MARTS_TO_COME

CASES = PROJECT.parent / "shared" / "conformance-2"


@pytest.mark.skipif(not CASES.exists(), reason="the conformance cases are not part of the project")
@pytest.mark.parametrize("case", ["edge", "settings", "shop", "email", "bare", "past", "signals"])
def test_marts_equal_the_expected_rows(case: str, tmp_path: Path) -> None:
    settings = json.loads((CASES / case / "settings.json").read_text())
    seeds = seeds_of(CASES / case)
    project = PROJECT if seeds is None else project_with(seeds, tmp_path / "project")
    build = build_models(tmp_path, CASES / case / "raw", settings, project=project)
    expected = expected_rows(CASES / case)
    assert {"row_accounting", "orders", "customers", "cohort_retention", "retention_kpis"} <= expected.keys()
    assert expected.keys() <= KEYS.keys()
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = {m: compare_with_expected(m, read_mart(connection, "marts", m), want) for m, want in expected.items()}
        assert {mart: problems for mart, problems in found.items() if problems} == {}
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert {mart for (mart,) in tables} & set(MARTS_TO_COME) == set()  # a mart that is there is compared


def project_with(seeds: Path, copy: Path) -> Path:
    """A copy of what dbt reads of the project, with the seeds of a case in place of its own."""
    for part in ("models", "macros", "seeds", "tests/data", "dbt_plugins"):
        shutil.copytree(PROJECT / part, copy / part)
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / file, copy)
    for own in (copy / "seeds").glob("*.csv"):
        if (seeds / own.name).exists():
            shutil.copy(seeds / own.name, own)
    return copy
