"""One refresh from the raw folder to the summary: what `make run` does.

The raw folder is looked at first: files that dbt cannot read as they are (a mapping, other formats, broken lines) are
converted into a folder beside the warehouse. A file that cannot be used stops the refresh before anything is changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from intake.errors import IntakeError
from orchestration import summary

SAMPLE = "sample_data/raw"
PROJECT = Path(__file__).resolve().parent.parent


def prepared_folder(warehouse: Path) -> Path:
    """Where converted raw entities are kept: beside the warehouse that is built from them."""
    return warehouse.with_suffix(".raw")


def named_mapping() -> Path | None:
    """The mapping that the environment names, if it does."""
    named = os.environ.get("STAMMKUNDE_MAPPING")
    return Path(named) if named else None


def build(raw: Path, settings: Mapping[str, object], arguments: list[str]) -> int:
    """dbt's own exit status. Unit tests test the code, not the data: they run in `make test` and plain `dbt build`."""
    program = Path(sys.executable).with_name("dbt")
    command = [str(program), "build", "--exclude-resource-type", "unit_test", *arguments]
    if settings and "--vars" not in arguments:
        command += ["--vars", json.dumps(dict(settings), default=str)]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, "STAMMKUNDE_RAW": str(raw)}, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, default=Path(os.environ.get("STAMMKUNDE_RAW", SAMPLE)))
    parser.add_argument("--mapping", type=Path, default=None)
    arguments, of_dbt = parser.parse_known_args()
    mapping_file = arguments.mapping or named_mapping()
    warehouse = Path(os.environ.get("STAMMKUNDE_WAREHOUSE", summary.WAREHOUSE))
    try:
        from intake.prepare import mapping_of, prepare

        mapping = mapping_of(arguments.raw, mapping_file)
        raw = prepare(arguments.raw, prepared_folder(warehouse).resolve(), mapping_file)
    except IntakeError as error:
        print(f"{error}\nNothing was changed.", file=sys.stderr)
        return 1
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    if raw != arguments.raw:
        print(f"Converted {arguments.raw} into {raw}")
    if status := build(raw.resolve(), mapping.settings if mapping else {}, of_dbt):
        print("\nThe refresh failed: see above. Models that did not fail are rebuilt.", file=sys.stderr)
        return status
    return summary.main()


if __name__ == "__main__":
    sys.exit(main())
