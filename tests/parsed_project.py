"""dbt with the project already parsed, for tests/fork_server.py: each command reads the data again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

from dbt.cli.main import cli, dbtRunner
from dbt.contracts.graph.manifest import Manifest


def parsed() -> Manifest | None:
    """The project, parsed once. None where dbt cannot read it: each command then tries itself, and says why."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["--quiet", "--log-path", folder, "parse", "--target-path", folder]
        return dbtRunner().invoke(command).result  # type: ignore[return-value]


MANIFEST = parsed()


def run(arguments: Sequence[str]) -> None:
    """What the program `dbt` does, with what is parsed already. Warehouse, target and logs are in the environment."""
    cli.main(list(arguments), prog_name="dbt", obj={"manifest": MANIFEST})
