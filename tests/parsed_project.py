"""dbt with the project already parsed, for tests/fork_server.py: what the models read is read anew by each command."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def parsed() -> Manifest | None:
    """The project, parsed once. None where dbt cannot read it: each command then tries itself, and says why."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["--quiet", "--log-path", folder, "parse", "--target-path", folder]
        return dbtRunner().invoke(command).result  # type: ignore[return-value]


MANIFEST = parsed()


def run(arguments: Sequence[str]) -> int:
    """One dbt command. Its environment names warehouse, target and logs, as on the command line."""
    result = dbtRunner(manifest=MANIFEST).invoke(list(arguments))
    if result.exception:
        print(result.exception, file=sys.stderr)
    return 0 if result.success else 2 if result.exception else 1
