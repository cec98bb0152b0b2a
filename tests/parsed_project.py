"""dbt with the project already parsed, for tests/fork_server.py: each command reads the data again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.cli.main import cli, dbtRunner
from dbt.contracts.graph.manifest import Manifest


def parsed() -> Manifest | None:
    """The project, parsed once; what a folder named by DBT_TARGET_PATH knows of it is not parsed again. None where dbt
    cannot read it: each command then tries itself, and says why."""
    with tempfile.TemporaryDirectory() as folder:
        if known := os.environ.get("DBT_TARGET_PATH"):
            shutil.copy(Path(known) / "partial_parse.msgpack", folder)
        command = ["--quiet", "--log-path", folder, "parse", "--target-path", folder]
        return dbtRunner().invoke(command).result  # type: ignore[return-value]


MANIFEST = parsed()


def run(given: Mapping[str, Any]) -> None:
    """What the program `dbt` does, with what is parsed already. Warehouse, target and logs are in the environment.

    `seeds`: a folder whose files are read in place of the project's own of the same name.
    """
    if seeds := given.get("seeds"):
        read_from(Path(seeds))
    cli.main(list(given["arguments"]), prog_name="dbt", obj={"manifest": MANIFEST})


def read_from(folder: Path) -> None:
    """dbt reads the rows of a seed when it is built, from the folder that its path begins in. The path itself stays a
    relative one: dbt writes under it, in its target folder, what it ran."""
    assert MANIFEST, "the project could not be parsed"
    root = folder.resolve().parent.parent  # so that no path is that of a seed of the project
    for node in MANIFEST.nodes.values():
        file = folder.resolve() / f"{node.name}.csv"
        if node.resource_type == NodeType.Seed and file.exists():
            node.root_path = str(root)
            node.original_file_path = str(file.relative_to(root))
