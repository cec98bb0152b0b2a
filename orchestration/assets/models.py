"""The models: one dbt build for each phase, as the models themselves say when they are built."""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, dbt_assets
from packaging.version import Version

from orchestration.assets.steps import MODELS, POOL, PREDICTIONS, guarded
from orchestration.collect import clear, compiled_after_the_gate, show
from orchestration.dbt_graph import Translator, with_row_counts
from orchestration.monthly import left_as_they_are
from orchestration.notify import Failure
from orchestration.quarantine import remember_quarantined
from orchestration.session import RefreshError, Session
from orchestration.targets import on_spark
from stammkunde.database import connect, read_only
from stammkunde.manifest import AFTER_PREDICTIONS, AFTER_THE_GATE, Manifest
from stammkunde.places import Places

COUNTED = "models and tests"
SECONDS_TO_END = 10
BROKEN_RULES = "broken"  # macros/quality/rules.sql marks its answer so


class CountedInvocation(DbtCliInvocation):
    """A run of dbt that tells how many of its nodes it has begun."""

    tell: Callable[[int, int], None]

    def stream_raw_events(self) -> Iterator[Any]:
        for event in super().stream_raw_events():
            if event.raw_event["info"]["name"] == "LogStartLine":
                self.tell(event.raw_event["data"]["index"], event.raw_event["data"]["total"])
            yield event


@dataclass(frozen=True)
class Step:
    """One dbt build of a refresh: its name, what it builds and leaves out in dbt's words, and what ran before it."""

    name: str
    after: tuple[str, ...]
    select: str | None = None
    exclude: str | None = None

    def selection(self, left: Sequence[str] = ()) -> list[str]:
        """As arguments of dbt, without the models that are left as they are."""
        excluded = " ".join(part for part in (self.exclude, *left) if part)
        given = (("--select", self.select), ("--exclude", excluded))
        return [part for option, value in given if value for part in (option, value)]


def steps_of(manifest: Manifest) -> list[Step]:
    """The builds of a refresh, in their order: one for each phase before the gate."""
    later = f"config.meta.phase:{AFTER_PREDICTIONS}"
    return [Step(MODELS, ("raw",), exclude=later), Step(AFTER_PREDICTIONS, ("raw", MODELS, PREDICTIONS), select=later)]


def model_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """All dbt models of a phase in one step, so that a failing test blocks what lies behind it.

    Marts that say how the build was checked are views over what the gate will write: they are made in the first step,
    and are shown where they get their rows, behind the gate.
    """
    return [step_assets(manifest, step) for step in steps_of(Manifest(manifest))]


def step_assets(manifest: Mapping[str, Any], step: Step) -> dg.AssetsDefinition:
    late = f"config.meta.phase:{AFTER_THE_GATE}"

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=Translator(),
        select=step.select or "fqn:*",
        exclude=" ".join(part for part in (step.exclude, late) if part),
        name=step.name,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, step.name, step.after, lambda: build(context, refresh, manifest, step))

    return models


def build(
    context: dg.AssetExecutionContext, session: Session, manifest: Mapping[str, Any], step: Step
) -> Iterator[Any]:
    """One dbt build. What failed is noted by node, in dbt's words."""
    if context.is_subset:
        raise RefreshError("a refresh is always whole, so that no build mixes states. Start the job `refresh`")
    places = session.places
    places.warehouse.parent.mkdir(parents=True, exist_ok=True)
    left = left_as_they_are(session, Manifest(manifest)) if step.name == MODELS else []
    if left:
        session.say("  the health backtest is that of the latest month end, and is left as it is")
    if not on_spark(places.target):
        connect(places.warehouse).close()  # fails at once where it is open elsewhere
    elif step.name == MODELS:
        clear(places, left)
    (places.dbt_target / "run_results.json").unlink(missing_ok=True)  # of a dbt that crashes there is none
    invocation = start(context, session, manifest, step, left)
    try:
        events = with_reasons(known_to(context, chain(invocation.stream(), as_made(context, manifest, left))), places)
        with session.telling.counting(COUNTED):
            yield from with_row_counts(events, lambda nodes: row_counts(session, nodes))
    finally:
        end(invocation)
    if not invocation.is_successful():
        found = failed_nodes(places) or [Failure("dbt", "dbt ended without finishing: see the run's log")]
        session.failures[step.name] = found
        raise RefreshError("; ".join(failure.text for failure in found))
    session.sql_of_tests |= sql_of_tests(places)
    if step.name == MODELS and not on_spark(places.target):
        remember_quarantined(places, session.state, date.today())


def start(
    context: dg.AssetExecutionContext, session: Session, manifest: Mapping[str, Any], step: Step, left: Sequence[str]
) -> CountedInvocation:
    """dbt's process, whose log Dagster turns into events.

    Not by DbtCliResource.cli: that asks dbt for its version in a process of its own, which looks for newer versions on
    the network, and opens the warehouse from here.
    """
    # Unit tests test the code, not the data.
    arguments = ["build", "--exclude-resource-type", "unit_test", *step.selection(left)]
    if session.request.full_refresh:
        arguments.append("--full-refresh")
    invocation = CountedInvocation.run(
        args=session.dbt.command(*arguments),
        env={**session.dbt.environment(), "DBT_LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"},
        manifest=manifest,
        dagster_dbt_translator=Translator(),
        project_dir=session.dbt.project,
        target_path=session.dbt.target_path,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(manifest["metadata"]["dbt_version"]),
    )
    invocation.tell = lambda done, total: session.telling.count(done, total, COUNTED)
    return invocation


def as_made(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], left: Sequence[str]
) -> Iterator[dg.Output | dg.AssetCheckResult]:
    """Models that are left as they are, and their checks, as dbt tells of those that it made: the refresh has them."""
    outputs = {key.path[-1]: output for output, key in context.assets_def.keys_by_output_name.items()}
    for name in left:
        unique_id = Manifest(manifest).model(name)["unique_id"]
        yield dg.Output(None, outputs[name], metadata={"unique_id": dg.MetadataValue.text(unique_id)})
    for check in context.assets_def.check_specs:
        if check.asset_key.path[-1] in left:
            yield dg.AssetCheckResult(
                passed=True, asset_key=check.asset_key, check_name=check.name,
                description="Judged when it was made, which was in an earlier refresh.",
            )  # fmt: skip


def end(invocation: DbtCliInvocation) -> None:
    """End dbt where its events could not be read to their end: it would keep the warehouse locked.

    Started by nohup it may ignore what asks it to end.
    """
    if invocation.process.poll() is None:
        invocation.process.terminate()
        try:
            invocation.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            invocation.process.kill()
            invocation.process.wait()


def known_to(context: dg.AssetExecutionContext, events: Iterable[Any]) -> Iterator[Any]:
    """The events of this step's own assets and checks: marts behind the gate are told of when they are published."""
    outputs = set(context.op_def.output_dict)
    checks = {(check.asset_key, check.name) for check in context.assets_def.check_specs}
    for event in events:
        if isinstance(event, dg.Output) and event.output_name not in outputs:
            continue
        if isinstance(event, dg.AssetCheckResult) and (event.asset_key, event.check_name) not in checks:
            continue
        yield event


def with_reasons(events: Iterable[Any], places: Places) -> Iterator[Any]:
    """The events, those of failed checks last: what broke the rules of a model stands in dbt's account of its run."""
    failed: list[dg.AssetCheckResult] = []
    for event in events:
        if isinstance(event, dg.AssetCheckResult) and not event.passed:
            failed.append(event)
        else:
            yield event
    reasons = {result["unique_id"].split(".")[2]: reason_of(result) for result in results_of_run(places)}
    for check in failed:
        yield dg.AssetCheckResult(
            passed=False,
            asset_key=check.asset_key,
            check_name=check.check_name,
            severity=check.severity,
            metadata=check.metadata,
            description=reasons.get(str(check.check_name)),
        )


def row_counts(session: Session, nodes: Iterable[str]) -> dict[str, int]:
    """Rows of the tables that were built, by dbt's id. Views are not counted: that would run them."""
    places = session.places
    manifest = Manifest.read(places.dbt_target / "manifest.json")
    built = {node["unique_id"]: node for node in manifest.models() if node["unique_id"] in set(nodes)}
    if on_spark(places.target):
        session.late |= compiled_after_the_gate(manifest, results_of_run(places))
        counted = show(places, session.late)
    else:
        counted = rows_of_tables(places)
    tables = {unique_id: f"{node['schema']}.{node['name']}" for unique_id, node in built.items()}
    return {unique_id: counted[table] for unique_id, table in tables.items() if table in counted}


def rows_of_tables(places: Places) -> dict[str, int]:
    """Rows of each table of the warehouse by `schema.name`."""
    with read_only(places.warehouse) as connection:
        found = connection.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {f"{schema}.{table}": rows for schema, table, rows in found}


def results_of_run(places: Places) -> list[dict[str, Any]]:
    """dbt's own account of its run, node by node; empty where it crashed."""
    path = places.dbt_target / "run_results.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []


def sql_of_tests(places: Places) -> dict[str, str]:
    """The SQL of dbt's tests as they ran, by name. On marts behind the gate they ran before these had their rows."""
    return {
        result["unique_id"].split(".")[2]: result["compiled_code"]
        for result in results_of_run(places)
        if result["unique_id"].startswith("test.")
    }


def failed_nodes(places: Places) -> list[Failure]:
    """What dbt could not build or found wrong."""
    found = []
    for result in results_of_run(places):
        if result["status"] in ("error", "fail", "runtime error"):
            kind, _, node = result["unique_id"].split(".")[:3]
            name = "keeps_its_rules of " if breaks_rules(result) else f"{node}: "
            found.append(Failure(node, f"dbt {kind} {name}{reason_of(result)}"))
    return found


def breaks_rules(result: Mapping[str, Any]) -> bool:
    return result["adapter_response"].get("code") == BROKEN_RULES


def reason_of(result: Mapping[str, Any]) -> str:
    """Why a node failed, in one line: a model and its broken rules with their counts, else dbt's words."""
    said = result["adapter_response"]["_message"] if breaks_rules(result) else result["message"]
    return " ".join(str(said).split())
