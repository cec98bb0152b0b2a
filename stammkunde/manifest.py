"""The dbt project by its manifest: which models, marts and exposures there are, and when each model is built."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

MARTS = "marts"  # the schema that is published

# When a model is built stands with the model, as `meta.phase`. Without one it is built first.
AFTER_PREDICTIONS = "after_predictions"  # marts that read what predictions wrote: a dbt build of their own
AFTER_THE_GATE = "after_the_gate"  # views over what the gate writes: made with the first, filled by publish

MONTHLY = "monthly"  # dbt's tag of models that a refresh leaves as they are until a month end is new to them


class Words(NamedTuple):
    """What a model and its columns are, in a line each."""

    model: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """dbt's manifest.json, parsed. A node is dbt's description of a model, seed, test or source."""

    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def models(self) -> Iterable[Mapping[str, Any]]:
        return (node for node in self.content["nodes"].values() if node["resource_type"] == "model")

    def model(self, name: str) -> Mapping[str, Any]:
        """A model by its name. Raises KeyError."""
        return self.content["nodes"][f"model.{self.content['metadata']['project_name']}.{name}"]

    def tests_of(self, name: str) -> list[Mapping[str, Any]]:
        """The tests that are declared beside a model, by their names."""
        unique_id = self.model(name)["unique_id"]
        tests = (node for node in self.content["nodes"].values() if node["resource_type"] == "test")
        return sorted((test for test in tests if test.get("attached_node") == unique_id), key=lambda test: test["name"])

    def above(self, name: str) -> set[str]:
        """Names of all models that a model reads, directly or through others."""
        found: set[str] = set()
        ahead = [self.model(name)]
        while ahead:
            for parent in ahead.pop()["depends_on"]["nodes"]:
                node = self.content["nodes"].get(parent)
                if node and node["resource_type"] == "model" and node["name"] not in found:
                    found.add(node["name"])
                    ahead.append(node)
        return found

    def marts(self) -> list[str]:
        """Names of the models that are published."""
        return sorted(node["name"] for node in self.models() if node["schema"] == MARTS)

    def words(self) -> dict[str, Words]:
        """The descriptions of the models that are published, by name."""
        return {
            node["name"]: Words(
                one_line(node["description"]),
                {name: one_line(column["description"]) for name, column in node["columns"].items()},
            )
            for node in self.models()
            if node["schema"] == MARTS
        }

    def tagged(self, tag: str) -> list[str]:
        """Names of the models that have a tag, each behind those that it reads."""
        names = (node["name"] for node in self.models() if tag in node["config"].get("tags", []))
        return sorted(names, key=lambda name: (len(self.above(name)), name))

    def of_phase(self, phase: str) -> list[str]:
        """Names of the models that are built in a phase."""
        return sorted(node["name"] for node in self.models() if phase_of(node) == phase)


def phase_of(node: Mapping[str, Any]) -> str | None:
    """When a model is built; None for the first phase, which is that of nearly all."""
    return node.get("config", {}).get("meta", {}).get("phase")


def one_line(description: str) -> str:
    return " ".join(description.split())
