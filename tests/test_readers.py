"""The published file in other versions of DuckDB, which other tools bring along: each in an environment of its own."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from stammkunde.manifest import Manifest
from tests.conftest import PROJECT, Build
from tests.published import published_copy

LOCKS = PROJECT / "tests" / "readers"
VERSIONS = sorted(path.stem for path in LOCKS.glob("*.lock"))
# What a tool does with the file: looks what there is, what it means, and reads it.
READ = """
import json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
words = connection.execute(
    "select table_name, '', comment from duckdb_tables() where schema_name = 'marts' union all "
    "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts' order by all"
).fetchall()
marts = sorted({word[0] for word in words})
rows = {mart: len(connection.execute("select * from marts." + mart).fetchall()) for mart in marts}
kpis = connection.execute(
    "select period_grain, period_start, customer_retention_rate, net_revenue from marts.retention_kpis order by 1, 2"
).fetchall()
print(json.dumps([words, rows, kpis], default=str))
print(duckdb.__version__)
"""


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = Manifest(sample.manifest()).words()
    return published_copy(sample.warehouse, tmp_path_factory.mktemp("readers") / "retention.duckdb", words)


def python_of(version: str) -> Path:
    return PROJECT / ".venv-readers" / version / "bin" / "python"


def expected(published: Path) -> Any:
    """The same by this project's own version."""
    with duckdb.connect(str(published), read_only=True) as connection:
        words = connection.execute(
            "select table_name, '', comment from duckdb_tables() union all "
            "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts' order by all"
        ).fetchall()
        rows = {
            mart: connection.execute(f"select count(*) from marts.{mart}").fetchall()[0][0]
            for mart in sorted({word[0] for word in words})
        }
        kpis = connection.execute(
            "select period_grain, period_start, customer_retention_rate, net_revenue from marts.retention_kpis "
            "order by 1, 2"
        ).fetchall()
    return json.loads(json.dumps([words, rows, kpis], default=str))


@pytest.mark.bi
@pytest.mark.parametrize("version", VERSIONS)
def test_every_mart_opens_with_what_it_means(version: str, published: Path) -> None:
    python = python_of(version)
    if not python.exists():
        pytest.skip(f"needs DuckDB {version} in an environment of its own: make test-bi installs it")
    finished = subprocess.run(
        [python, "-c", READ, published], env={}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    read, reader = finished.stdout.splitlines()
    assert reader == version
    words, rows, kpis = expected(published)
    assert json.loads(read) == [words, rows, kpis]
    assert len(rows) > 15 and all(word[2] for word in words) and any(kpi[2] for kpi in kpis)


def test_the_page_names_the_versions_that_are_tried() -> None:
    page = (PROJECT / "docs" / "connect.md").read_text(encoding="utf-8")
    named = re.search(r"DuckDB (\S+), (\S+) and (\S+)\b", page)
    assert named and sorted(named.groups()) == VERSIONS
    assert VERSIONS[-1] == duckdb.__version__
