"""The unit tests beside the models: rows worked out by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import WAREHOUSE, Build, run_dbt

HOOKS = 4  # dbt counts them, too


def test_each_ran_and_passed(sample: Build, tmp_path: Path) -> None:
    """dbt reads the types of their input from a warehouse that is built."""
    shutil.copy(sample.warehouse, tmp_path / WAREHOUSE)
    run = run_dbt(["test", "--resource-type", "unit_test"], tmp_path)
    assert run.exit_code == 0, run.output
    assert f"PASS={len(sample.manifest()['unit_tests']) + HOOKS} WARN=0 ERROR=0 SKIP=0" in run.output
