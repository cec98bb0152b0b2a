"""The semantic layer as an Open Semantic Interchange document, by MetricFlow's own converter."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from metricflow.converters.msi_to_osi import MSIToOSIConverter
from metricflow_semantic_interfaces.implementations.metric import PydanticMetric, PydanticMetricInput
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest

from semantic.manifest import meta
from stammkunde.errors import StammkundeError

NAME = "stammkunde"
PACK = "_figures"  # how the names of packs end


def document(manifest: PydanticSemanticManifest) -> str:
    """All semantic models, and all metrics with what they are computed from, as YAML."""
    converted = json.loads(
        MSIToOSIConverter().convert(unpacked(manifest), osi_model_name=NAME).output.json(exclude_none=True)
    )
    for dataset in converted["semantic_model"][0]["datasets"]:
        dataset["fields"] = [field for field in dataset["fields"] if not field["name"].endswith(PACK)]
    return yaml.safe_dump(converted, allow_unicode=True, sort_keys=False, width=120)


def write(manifest: PydanticSemanticManifest, file: Path) -> None:
    try:
        file.write_text(document(manifest), encoding="utf-8")
    except OSError as error:
        raise StammkundeError(f"{file}: cannot be written: {error.strerror}") from error


def unpacked(manifest: PydanticSemanticManifest) -> PydanticSemanticManifest:
    """The manifest in which each figure is taken from its column, and not out of DuckDB's pack of all: other tools read
    SQL that every engine has."""
    found = manifest.copy(deep=True)
    packs = {metric.name: metric for metric in found.metrics if metric.name.endswith(PACK)}
    for metric in list(found.metrics):
        if column := meta(metric).get("column"):
            found.metrics.append(unpack(metric, packs, column))
    return found


def unpack(metric: PydanticMetric, packs: dict[str, PydanticMetric], column: str) -> PydanticMetric:
    """The part that holds one figure, which the metric then names instead of the pack."""
    rows, pack = metric.type_params.metrics or []
    part = packs[pack.name].copy(deep=True)
    part.name, part.type_params.expr, part.type_params.measure = f"{metric.name}_figure", column, None
    metric.type_params.metrics = [rows, PydanticMetricInput(name=part.name)]
    metric.type_params.expr = f"case when {rows.name} = 1 then {part.name} end"
    return part
