"""What MetricFlow knows of the metrics: dbt's semantic manifest, read for the published file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metricflow_semantic_interfaces.implementations.filters.where_filter import (
    PydanticWhereFilter,
    PydanticWhereFilterIntersection,
)
from metricflow_semantic_interfaces.implementations.metric import PydanticMetric
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest

from stammkunde.dbt import Dbt
from stammkunde.manifest import MARTS
from stammkunde.places import Places

TARGET = "published"  # of profiles.yml


def semantic_manifest(places: Places) -> PydanticSemanticManifest:
    """All semantic models and metrics; dbt parses the project again where something changed since. Raises DbtError."""
    dbt = Dbt(places.state / "dbt" / TARGET, places.environment())
    path = dbt.parsed("semantic_manifest.json", "--target", TARGET)
    return of_any_file(parse_manifest_from_dbt_generated_manifest(path.read_text(encoding="utf-8")))


def of_any_file(manifest: PydanticSemanticManifest) -> PydanticSemanticManifest:
    """Marts by schema and name: dbt writes the name of the file before them, and files have any name. What metrics are
    made of is nobody's to ask for."""
    for relation in (
        *(model.node_relation for model in manifest.semantic_models),
        *(spine.node_relation for spine in manifest.project_configuration.time_spines),
    ):
        relation.relation_name = f"{MARTS}.{relation.alias}"
    for metric in manifest.metrics:
        metric.type_params.is_private = bool(meta(metric).get("part"))
    return manifest


def meta(element: Any) -> Mapping[str, Any]:
    """What models/semantic says of a metric or semantic model beside what MetricFlow reads."""
    return element.config.meta if element.config else {}


def narrowed(manifest: PydanticSemanticManifest, grain: str) -> PydanticSemanticManifest:
    """The manifest in which rows of this grain alone answer, where a mart has rows of several grains."""
    dimensions = {model.name: meta(model).get("grain") for model in manifest.semantic_models}
    found = manifest.copy(deep=True)
    for metric in found.metrics:
        dimension = dimensions.get(model_of(metric) or "")
        if dimension:
            metric.filter = only(dimension, grain)
    return found


def model_of(metric: PydanticMetric) -> str | None:
    """The semantic model of a simple metric."""
    aggregated = metric.type_params.metric_aggregation_params
    return aggregated.semantic_model if aggregated else None


def only(dimension: str, grain: str) -> PydanticWhereFilterIntersection:
    template = f"{{{{ Dimension('{dimension}') }}}} = '{grain}'"
    return PydanticWhereFilterIntersection(where_filters=[PydanticWhereFilter(where_sql_template=template)])
