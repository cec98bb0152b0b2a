"""Starting dbt: its command line in a process of its own, which frees the warehouse's lock when it ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stammkunde.errors import DbtError
from stammkunde.hiding import for_dbt
from stammkunde.places import PROJECT
from stammkunde.settings import secrets, vars_arguments

PARSED = ("models", "macros", "seeds", "tests/data", "dbt_project.yml", "profiles.yml")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What dbt says around an error: the time, that there is one and of which kind, and the macros that it went through.
TIME = re.compile(r"^\d\d:\d\d:\d\d\s+")
AROUND = re.compile(
    r"Encountered an error( while running operation)?:?( \w+ Error( in macro .*)?)?"
    r"|\w+ Error( in (operation|macro) .*)?|> (in macro|called by) .*|compiled code at .*"
)
TRACEBACK = "Traceback (most recent call last):"
IN_NODE = re.compile(r"(?:Failure|\w+ Error) in (?:model|seed|snapshot|test) (\w+).*")


@dataclass(frozen=True)
class Dbt:
    """dbt with the places, settings and variables of one warehouse. Its artefacts and log go to `target_path`."""

    target_path: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    project: Path = PROJECT

    @property
    def program(self) -> Path:
        return Path(sys.executable).with_name("dbt")

    def command(self, *arguments: str) -> list[str]:
        """The whole command line. The settings stand in it, except the secret one."""
        return [str(self.program), *arguments, *vars_arguments(self.settings)]

    def environment(self) -> dict[str, str]:
        """The variables of dbt's process, telemetry off."""
        return {
            **for_dbt(os.environ),
            **self.variables,
            **secrets(self.settings),
            "DBT_TARGET_PATH": str(self.target_path),
            "DBT_LOG_PATH": str(self.target_path),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str) -> str:
        """Run a command to its end and give what it printed. Raises DbtError with what is wrong where it fails."""
        finished = subprocess.run(
            self.command("--quiet", *arguments),
            cwd=self.project, env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if finished.returncode:
            said = what_is_wrong(finished.stdout) or what_is_wrong(finished.stderr)
            raise DbtError(said or f"dbt {arguments[0]} failed")
        return finished.stdout

    def parsed(self, name: str, *arguments: str) -> Path:
        """A file that dbt writes when it parses the project; it does so again where something changed since.

        As a whole: what dbt keeps of an earlier parse, it mixes up when semantic models or metrics changed.
        """
        path = self.target_path / name
        if not path.exists() or path.stat().st_mtime < newest_change():
            self.run("parse", "--no-partial-parse", *arguments)
        return path


def newest_change() -> float:
    """When a part of the project that dbt reads was changed last."""
    paths = [PROJECT / name for name in PARSED]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return max(file.stat().st_mtime for file in files)


def what_is_wrong(printed: str) -> str:
    """What dbt says of an error in one line, without what it always says."""
    found = []
    for line in COLOURS.sub("", printed).splitlines():
        text = TIME.sub("", line.strip()).strip()
        if text == TRACEBACK:  # of use in dbt's log only; what it is about stands before it
            break
        if node := IN_NODE.fullmatch(text):
            text = f"{node[1]}:"
        if text and not AROUND.fullmatch(text) and text not in found:
            found.append(text)
    return " ".join(found)
