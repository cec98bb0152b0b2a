"""Asks metrics of the published file: MetricFlow writes the SQL, and readers' own connection answers it.

MetricFlow's command line would ask the network for a newer version of itself at each call; it is not used, and nothing
here leaves the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowExplainResult, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.implementations.metric import PydanticMetric
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from metricflow_semantics.errors.error_classes import InvalidQueryException
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from semantic.manifest import meta, narrowed, semantic_manifest
from stammkunde.errors import StammkundeError, one_line
from stammkunde.places import Places
from stammkunde.published import opened

GRAINS = ("day", "week", "month", "quarter", "year")  # from fine to coarse
UNKNOWN = re.compile(r"Query Input:\s+(.+?)(?=\n\n|\Z)", re.DOTALL)


class QuestionError(StammkundeError):
    """A question that no mart can answer; the text says why."""


@dataclass(frozen=True)
class Question:
    """What is asked, in MetricFlow's names: `metric_time__month`, `segment__dimension`; filters name them as
    `{{ Dimension('segment__dimension') }}`."""

    metrics: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    saved_query: str | None = None

    def request(self) -> MetricFlowQueryRequest:
        """Rows come in the order of what they are grouped by, where nothing else is asked for."""
        return MetricFlowQueryRequest.create(
            saved_query_name=self.saved_query,
            metric_names=self.metrics or None,
            group_by_names=self.group_by or None,
            where_constraints=self.where or None,
            order_by_names=self.order_by or self.group_by or None,
            limit=self.limit,
        )


class Answer(NamedTuple):
    columns: list[str]
    rows: list[tuple[Any, ...]]


class Dialect:
    """What MetricFlow must know of DuckDB to write SQL. It runs nothing itself."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@dataclass
class Layer:
    """The metrics of a published file."""

    manifest: PydanticSemanticManifest
    published: Path
    engines: dict[str, MetricFlowEngine] = field(default_factory=dict)  # by the grain that rows are narrowed to

    @classmethod
    def of(cls, places: Places) -> Layer:
        """Raises DbtError where the project cannot be parsed."""
        return cls(semantic_manifest(places), places.published)

    @cached_property
    def metrics(self) -> dict[str, PydanticMetric]:
        """What can be asked for, by name."""
        return {metric.name: metric for metric in self.manifest.metrics if not metric.type_params.is_private}

    @cached_property
    def grains(self) -> dict[str, list[str]]:
        """In which grains a mart has rows, where it has one row per period and more than one would be a mistake."""
        return {model.name: meta(model)["grains"] for model in self.manifest.semantic_models if "grains" in meta(model)}

    def engine(self, grain: str = "") -> MetricFlowEngine:
        if grain not in self.engines:
            manifest = narrowed(self.manifest, grain) if grain else self.manifest
            self.engines[grain] = MetricFlowEngine(SemanticManifestLookup(manifest), cast(SqlClient, Dialect()))
        return self.engines[grain]

    def ask(self, question: Question) -> Answer:
        """Raises QuestionError, PublishedFileError."""
        sql = self.sql(question)
        with opened(self.published) as connection:
            try:
                found = connection.execute(sql)
                return Answer([column[0] for column in found.description or ()], found.fetchall())
            except duckdb.Error as error:
                raise QuestionError(f"{self.published} cannot answer this: {one_line(error)}") from error

    def sql(self, question: Question) -> str:
        """The SQL that answers a question. Raises QuestionError."""
        grain = self.grain_of(question, self.explained(question, self.engine()))
        return self.explained(question, self.engine(grain)).sql_statement.without_descriptions.sql

    def explained(self, question: Question, engine: MetricFlowEngine) -> MetricFlowExplainResult:
        if question.saved_query and question.saved_query not in self.saved_queries():
            raise QuestionError(f"there is no saved query '{question.saved_query}': 'stammkunde metrics' lists them")
        for name in question.metrics:
            if name not in self.metrics:
                raise QuestionError(f"there is no metric '{name}': 'stammkunde metrics' lists them")
        try:
            return engine.explain(question.request())
        except InvalidQueryException as error:
            raise QuestionError(self.what_is_unknown(question, str(error))) from error
        except Exception as error:  # what MetricFlow says of a filter that it cannot read has many types
            raise QuestionError(f"MetricFlow cannot read this question: {one_line(error)}") from error

    def grain_of(self, question: Question, explained: MetricFlowExplainResult) -> str:
        """The finest grain of time that is asked by; empty where none is, and none is needed.

        Raises QuestionError where the mart of a metric has no rows of that grain: what is asked for would be a sum or a
        mean of rates.
        """
        spec = explained.query_spec
        times = spec.time_dimension_specs
        asked = sorted(
            {time.time_granularity.name for time in times if time.time_granularity and not time.date_part},
            key=GRAINS.index,
        )
        grain = asked[0] if asked else ""
        for metric in spec.metric_specs:
            mart = meta(self.metrics[metric.element_name]).get("mart", "")
            held = self.grains.get(mart, [])
            if held and (grain not in held or any(time.date_part for time in times)):
                raise QuestionError(
                    f"{metric.element_name} is a figure of one {either(held)} (marts.{mart}), and cannot be made of "
                    f"others: group by {either([f'metric_time__{one}' for one in held])}"
                )
        return grain

    def what_is_unknown(self, question: Question, said: str) -> str:
        """MetricFlow's explanation in a line: what it does not know, and what can be asked instead."""
        if question.saved_query and (question.metrics or question.group_by):
            return (
                f"the saved query {question.saved_query} names its metrics and what it groups by: add a filter at most"
            )
        unknown = list(dict.fromkeys(" ".join(found.split()) for found in UNKNOWN.findall(said)))
        named = ", ".join(unknown) or one_line(ValueError(said))
        if question.saved_query:
            return f"the saved query {question.saved_query} cannot be asked with {named}"
        names = list(question.metrics)
        return f"{', '.join(names)} cannot be asked by {named}; what is known: {', '.join(self.dimensions(names))}"

    def dimensions(self, metrics: Iterable[str]) -> list[str]:
        """By what all these metrics can be asked together."""
        found = self.engine().simple_dimensions_for_metrics(list(metrics))
        return sorted({dimension.granularity_free_dunder_name for dimension in found})

    def listed(self, language: str) -> list[tuple[str, str, str]]:
        """Each metric with its name in a language and the mart that holds it."""
        return [
            (name, str(meta(metric)["label_de"] if language == "de" else metric.label), str(meta(metric)["mart"]))
            for name, metric in self.metrics.items()
        ]

    def saved_queries(self) -> Mapping[str, str]:
        return {query.name: query.label or query.description or "" for query in self.manifest.saved_queries}


def either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
