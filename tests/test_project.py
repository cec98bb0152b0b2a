"""The project as a stranger finds it: a clone stays clean, locks are complete, the summary says what the marts say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, WAREHOUSE, Build, run_dbt


@pytest.mark.skipif(shutil.which("git") is None or not (PROJECT / ".git").exists(), reason="needs git and a clone")
def test_a_build_elsewhere_leaves_a_clone_clean(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
    program = Path(sys.executable).with_name("dbt")
    environment = {**os.environ, "STAMMKUNDE_WAREHOUSE": str(tmp_path / "elsewhere.duckdb")}
    for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH", "STAMMKUNDE_RAW"):
        environment.pop(name, None)
    build = [str(program), "--quiet", "build", "--exclude-resource-types", "test", "unit_test"]
    subprocess.run(build, cwd=clone, env=environment, check=True)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert status.stdout == ""
    assert not (clone / "warehouse" / "stammkunde.duckdb").exists()


EXTRAS = ("-assistants", "-dashboard", "-semantic", "-spark")


@pytest.mark.parametrize("name", [f"requirements{of}.lock" for of in ("", *EXTRAS, "-dev")])
def test_a_lock_holds_exact_versions_with_hashes_and_no_address(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [block for block in re.split(r"\n(?=[a-zA-Z])", text) if block.strip()]
    assert len(requirements) > 40
    for requirement in requirements:
        assert re.match(r"[a-zA-Z0-9._-]+(\[[a-z, -]+\])?==", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_everything_of_the_run_is_locked_alike_for_development() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+(?: ; [^\\]+)?", (PROJECT / name).read_text(), flags=re.MULTILINE))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")


def test_a_table_takes_the_place_of_what_was_there_and_a_model_that_fails_leaves_it(
    sample: Build, tmp_path: Path
) -> None:
    """int_as_of is a view before; then what int_customers reads is gone."""
    shutil.copy(sample.warehouse, tmp_path / WAREHOUSE)
    with duckdb.connect(str(tmp_path / WAREHOUSE)) as connection:
        connection.execute(
            """
            drop table intermediate.int_as_of;
            create view intermediate.int_as_of as select 1 as other;
            create table intermediate.int_customers_before as from intermediate.int_customers;
            """
        )
    build = run_dbt(["run", "--select", "int_as_of"], tmp_path)
    assert build.exit_code == 0, build.output
    assert build.rows("from intermediate.int_as_of") == sample.rows("from intermediate.int_as_of")
    with duckdb.connect(str(tmp_path / WAREHOUSE)) as connection:
        connection.execute("drop table intermediate.int_order_sequence")
    build = run_dbt(["run", "--select", "int_customers"], tmp_path)
    assert build.exit_code == 1
    assert build.rows("from intermediate.int_customers_before except all from intermediate.int_customers") == []


def test_the_summary_says_what_the_marts_say(sample: Build) -> None:
    environment = {**os.environ, "STAMMKUNDE_PUBLISHED": str(sample.warehouse)}
    command = [sys.executable, "-m", "cli", "summary"]
    text = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
    orders, revenue = sample.rows("select count(*), sum(net_amount) from marts.orders")[0]
    churn, repeat = sample.rows(
        """
        select customer_churn_rate, repeat_customer_rate from marts.retention_kpis
        where period_grain = 'year' and is_complete order by period_start desc limit 1
        """
    )[0]
    lines = {line[:32].strip(): line[32:].split() for line in text.splitlines()}
    assert lines["Orders"][0] == f"{orders:,}"
    assert lines["Net revenue"] == [f"{revenue:,.2f}", "EUR"]
    assert lines["Churn rate"][1] == f"{churn:.1%}"
    assert lines["Repeat customer rate"][1] == f"{repeat:.1%}"
    parts = [int(lines[name][0].replace(",", "")) for name in ("counted", "excluded", "quarantined", "superseded")]
    assert sum(parts) == int(lines["Raw order rows"][0].replace(",", ""))


def test_the_summary_without_a_published_file_says_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "STAMMKUNDE_PUBLISHED": str(tmp_path / "none.duckdb")}
    command = [sys.executable, "-m", "cli", "summary"]
    finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "make run" in finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr


def test_the_documentation_is_generated(sample: Build, tmp_path: Path) -> None:
    shutil.copy(sample.warehouse, tmp_path / "warehouse.duckdb")
    build = run_dbt(["docs", "generate"], tmp_path, artefacts=True)
    assert build.exit_code == 0, build.output
    assert (build.target / "catalog.json").exists()
