"""The models: one dbt build for each phase, as the models themselves say when they are built."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation, dbt_assets
from packaging.version import Version

from orchestration.assets.steps import POOL, guarded
from orchestration.collect import BESIDE_MARTS, clear, collect
from orchestration.dbt_graph import Translator, with_row_counts
from orchestration.notify import Failure
from orchestration.session import RefreshError, Session
from orchestration.targets import on_spark
from stammkunde.database import read_only
from stammkunde.manifest import AFTER_THE_GATE, MARTS, Manifest
from stammkunde.places import Places

MODELS = "models"


def model_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """All dbt models in one step, so that a failing test blocks what lies behind it.

    Marts that say how the build was checked are views over what the gate will write: they are made here as well, and
    are shown where they get their rows, behind the gate.
    """

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=Translator(),
        exclude=f"config.meta.phase:{AFTER_THE_GATE}",
        name=MODELS,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, MODELS, ("raw",), lambda: build(context, refresh, manifest))

    return models


def build(context: dg.AssetExecutionContext, session: Session, manifest: Mapping[str, Any]) -> Iterator[Any]:
    """One dbt build. What failed is noted by node, in dbt's words."""
    if context.is_subset:
        raise RefreshError("a refresh is always whole, so that no build mixes states. Start the job `refresh`")
    places = session.places
    places.warehouse.parent.mkdir(parents=True, exist_ok=True)
    if on_spark(places.target):
        clear(places)
    else:
        duckdb.connect(str(places.warehouse)).close()  # fails at once where it is open elsewhere
    (places.dbt_target / "run_results.json").unlink(missing_ok=True)  # of a dbt that crashes there is none
    invocation = start(context, session, manifest)
    yield from with_row_counts(known_to(context, invocation.stream()), lambda nodes: row_counts(session, nodes))
    if not invocation.is_successful():
        session.failures[MODELS] = failed_nodes(places) or [
            Failure("dbt", "dbt ended without finishing: see the run's log")
        ]
        raise RefreshError("; ".join(failure.text for failure in session.failures[MODELS]))


def start(context: dg.AssetExecutionContext, session: Session, manifest: Mapping[str, Any]) -> DbtCliInvocation:
    """dbt's process, whose log Dagster turns into events.

    Not by DbtCliResource.cli: that asks dbt for its version in a process of its own, which looks for newer versions on
    the network, and opens the warehouse from here.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]  # those test the code, not the data
    if session.request.full_refresh:
        arguments.append("--full-refresh")
    return DbtCliInvocation.run(
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


def row_counts(session: Session, nodes: Iterable[str]) -> dict[str, int]:
    """Rows of the tables that were built, by dbt's id. Views are not counted: that would run them."""
    places = session.places
    manifest = Manifest.read(places.dbt_target / "manifest.json")
    built = {node["unique_id"]: node for node in manifest.models() if node["unique_id"] in set(nodes)}
    if on_spark(places.target):
        late = manifest.of_phase(AFTER_THE_GATE)
        wanted = [
            node["name"]
            for node in built.values()
            if (node["schema"] == MARTS and node["name"] not in late) or node["name"] in BESIDE_MARTS
        ]
        session.say("  bringing the marts from Spark ...")
        counted = collect(places, session.dbt, wanted)
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


def failed_nodes(places: Places) -> list[Failure]:
    """What dbt could not build or found wrong."""
    found = []
    for result in results_of_run(places):
        if result["status"] in ("error", "fail", "runtime error"):
            kind, _, node = result["unique_id"].split(".")[:3]
            found.append(Failure(node, f"dbt {kind} {node}: {' '.join(str(result['message']).split())}"))
    return found
