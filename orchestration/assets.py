"""The steps of a refresh as Dagster assets: thin, in the order in which they run."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource, dbt_assets

from intake.entities import entities
from intake.errors import IntakeError
from intake.find import mapping_of
from intake.prepare import prepare
from orchestration import raw
from orchestration.collect import BESIDE_MARTS, CollectError, clear, collect
from orchestration.notify import Failure
from orchestration.places import Places
from orchestration.publish import PublishError, publish
from orchestration.quality.gate import MissingSuiteError, Result, judge, require_suites
from orchestration.quality.suites import NAMES
from orchestration.quality.thresholds import ThresholdError, load_thresholds
from orchestration.raw_tables import RawTableError, entities_of_tables, measure_tables
from orchestration.refresh import TERMINAL
from orchestration.session import RefreshError, Request, Session, WarehouseLockedError, refresh_session
from orchestration.settings import dbt_arguments, secrets, vars_arguments
from orchestration.targets import TargetError, check_installed, check_running, on_spark
from orchestration.transformations import AFTER_THE_GATE, FRESHNESS, OWNERS, Translator, with_row_counts

POOL = "warehouse"
LOCK_TRIES, LOCK_SECONDS = 20, 15
PUBLISHED = dg.AssetKey(["published", "retention"])
RESULTS = dg.AssetKey(["quality", "validation_results"])
SHOWN_ERRORS = (
    IntakeError, RefreshError, PublishError, MissingSuiteError, ThresholdError, TargetError, CollectError,
    RawTableError,
)  # fmt: skip


@dg.resource(
    config_schema={
        "as_of_date": dg.Field(
            dg.Noneable(str),
            default_value=None,
            description="Rebuild the warehouse as it was known on this day, YYYY-MM-DD.",
        ),
        "full_refresh": dg.Field(
            bool, default_value=False, description="Let dbt rebuild incremental models and seeds whole."
        ),
        "accepted_build": dg.Field(
            dg.Noneable(str), default_value=None, description="A blocked build whose failed checks may fail once more."
        ),
        "accepted_reason": dg.Field(dg.Noneable(str), default_value=None, description="Why they may."),
    },
    description="The refresh that a run makes: it holds the warehouse's lock from the first step to the last.",
)
def refresh(context: dg.InitResourceContext) -> Iterator[Session]:
    assert context.run_id and context.log
    request = Request(**context.resource_config)
    with refresh_session(Places.from_environment(), context.run_id, request, progress(context)) as session:
        yield session


def progress(context: dg.InitResourceContext) -> Callable[[str], None]:
    def say(text: str) -> None:
        context.log.info(text)
        if os.environ.get(TERMINAL):
            print(text, file=sys.__stdout__, flush=True)

    return say


def guarded(session: Session, step: str, after: tuple[str, ...], work: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """A step whose known errors are shown without a traceback; a warehouse that is open elsewhere is tried again."""
    try:
        with session.step(step, after):
            yield from work()
    except WarehouseLockedError as error:
        raise dg.RetryRequested(max_retries=LOCK_TRIES, seconds_to_wait=LOCK_SECONDS) from error
    except SHOWN_ERRORS as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def suite_result(asset: dg.AssetKey, suite: str, results: list[Result]) -> dg.AssetCheckResult:
    """A suite as one asset check: an error where it blocks, a warning where it only warns."""
    own = [result for result in results if result.suite == suite]
    failed = [result for result in own if result.outcome == "failed"]
    warned = [result for result in own if result.outcome in ("warned", "accepted")]
    columns = ("check_name", "outcome", "observed", "expected", "explanation")
    records = [dg.TableRecord({column: str(getattr(result, column) or "") for column in columns}) for result in own]
    schema = dg.TableSchema(columns=[dg.TableColumn(column) for column in columns])
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=suite,
        passed=not failed and not warned,
        severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
        description="; ".join(result.explanation for result in failed or warned) or None,
        metadata={
            "checks": len(own),
            "results": dg.MetadataValue.table(records=records, schema=schema),
        },
    )


def blocking_check(asset: dg.AssetKey, suite: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name=suite, asset=asset, blocking=True, description=description)


def raw_assets() -> dg.AssetsDefinition:
    """Raw entities, made readable and judged before dbt starts."""
    raw_orders = dg.AssetKey(["raw", "orders"])
    specs = [
        dg.AssetSpec(
            key=["raw", entity.name],
            group_name="raw",
            kinds={"file"},
            owners=OWNERS,
            description=f"The raw entity {entity.name}, as the shop exported it. What dbt cannot read gets converted.",
        )
        for entity in entities().values()
    ]
    specs += [
        dg.AssetSpec(
            key=["quality", "builds"], group_name="baseline", kinds={"parquet"}, owners=OWNERS,
            description="The history of refreshes, with the one that runs.",
        ),
        dg.AssetSpec(
            key=["quality", "published_orders"], group_name="baseline", kinds={"parquet"}, owners=OWNERS,
            description="The counted orders of the published build that this refresh is compared with.",
        ),
    ]  # fmt: skip

    @dg.multi_asset(
        name="raw",
        specs=specs,
        check_specs=[blocking_check(raw_orders, "raw", "Is everything there that was there before?")],
        pool=POOL,
    )
    def raw_entities(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        def work() -> Iterator[Any]:
            require_suites(NAMES)  # said now, not after dbt has built everything
            places = refresh.places
            check_installed(places.target)
            check_running(places.target)
            refresh.begin(mapping_of(places.raw, places.mapping) if places.raw else None)
            in_tables = entities_of_tables()
            if places.raw:
                refresh.prepared = prepare(places.raw, places.prepared, places.mapping, in_tables)
            of_tables = measure_tables(places, date.today(), vars_arguments(refresh.overrides), variables(refresh))
            measured = [
                {**row, **of_tables.get(str(row["entity"]), {})}
                for row in raw.measure(refresh.prepared, date.today(), in_tables)
            ]
            refresh.state.replace(
                "raw_entities", refresh.build_id, [{**row, "build_id": refresh.build_id} for row in measured]
            )
            for row in measured:
                metadata = {"files": row["files"], "bytes": row["bytes"], "dagster/row_count": row["rows"]}
                metadata["last_date"] = str(row["last_date"] or "none")
                yield dg.MaterializeResult(asset_key=["raw", row["entity"]], metadata=metadata)
            yield dg.MaterializeResult(asset_key=["quality", "builds"], metadata={"build_id": refresh.build_id})
            compared = refresh.baseline.build_id if refresh.baseline else "nothing: no build of this shop and settings"
            yield dg.MaterializeResult(asset_key=["quality", "published_orders"], metadata={"compared_with": compared})
            results = gate(refresh, ("raw",))
            refresh.judge("raw", results)
            yield suite_result(raw_orders, "raw", results)

        yield from guarded(refresh, "raw", (), work)

    return raw_entities


def gate(session: Session, suites: tuple[str, ...]) -> list[Result]:
    """What the suites find. The last refresh's raw measures are those of the build that this one is compared with."""
    from orchestration.quality.evidence import Evidence, opened

    before = session.baseline
    now = session.state.of_build("raw_entities", session.build_id)
    earlier = session.state.of_build("raw_entities", before.build_id if before else None)
    warehouse = session.places.warehouse if suites != ("raw",) else None
    with opened(warehouse, before.file if before and warehouse else None) as connection:
        evidence = Evidence(
            now, earlier, date.today(), connection, warehouse, before.file if before and warehouse else None
        )
        return judge(suites, evidence, load_thresholds(), session.places.data_docs, session.acceptance)


def model_assets(manifest: dict) -> list[dg.AssetsDefinition]:
    """All dbt models in one step, so that a failing test blocks what lies behind it; those that say how the build was
    checked in another, behind the gate."""
    late = " ".join(AFTER_THE_GATE)

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), exclude=late, name="models", pool=POOL)
    def models(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session], dbt: DbtCliResource
    ) -> Iterator[Any]:
        yield from guarded(refresh, "models", ("raw",), lambda: run_dbt(context, refresh, dbt))

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), select=late, name="build", pool=POOL)
    def build(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session], dbt: DbtCliResource
    ) -> Iterator[Any]:
        yield from guarded(refresh, "build", ("raw", "models", "gate"), lambda: run_dbt(context, refresh, dbt))

    return [models, build]


def run_dbt(context: dg.AssetExecutionContext, session: Session, dbt: DbtCliResource) -> Iterator[Any]:
    """One dbt build of all that the step holds. What failed is noted by node, in dbt's words."""
    if context.is_subset:
        raise RefreshError("a refresh is always whole, so that no build mixes states. Start the job `refresh`")
    places = session.places
    places.warehouse.parent.mkdir(parents=True, exist_ok=True)
    if not on_spark(places.target):
        duckdb.connect(str(places.warehouse)).close()  # fails at once where it is open elsewhere
    elif "gate" not in session.done:
        clear(places)
    given = variables(session)
    arguments = dbt_arguments(session.overrides, full_refresh=session.request.full_refresh)
    (places.dbt_target / "run_results.json").unlink(missing_ok=True)  # of a dbt that crashes there is none
    with environment(given):
        invocation = dbt.cli(arguments, context=context, target_path=places.dbt_target, raise_on_error=False)

    def count_rows(nodes: list[str]) -> dict[str, int]:
        if not on_spark(places.target):
            return of_nodes(rows_of_tables(places), context, nodes)
        if not invocation.is_successful():
            return {}
        built = [spec.key.path for spec in context.assets_def.specs]
        wanted = [table for schema, table in built if schema == "marts" or table in BESIDE_MARTS]
        session.say("  bringing the marts from Spark ...")
        collected = collect(places, wanted, vars_arguments(session.overrides), given)
        return of_nodes(collected, context, nodes)

    yield from with_row_counts(invocation.stream(), count_rows)
    if not invocation.is_successful():
        step = session.failures
        found = failed_nodes(places) or [Failure("dbt", "dbt ended without finishing: see the run's log")]
        step["models" if "gate" not in session.done else "build"] = found
        raise RefreshError("; ".join(failure.text for failure in found))


def variables(session: Session) -> dict[str, str]:
    """What dbt's process is told by its environment."""
    return {
        **session.places.environment(),
        **secrets(session.overrides),
        "STAMMKUNDE_RAW": str(session.prepared or ""),
        "STAMMKUNDE_BUILD_ID": session.build_id,
    }


@contextmanager
def environment(given: Mapping[str, str]) -> Iterator[None]:
    """Variables for a process that is started meanwhile: dagster-dbt passes on those of its own process."""
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def failed_nodes(places: Places) -> list[Failure]:
    """What dbt could not build or found wrong, from its own account of the run."""
    path = places.dbt_target / "run_results.json"
    if not path.exists():
        return []
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    found = []
    for result in results:
        if result["status"] in ("error", "fail", "runtime error"):
            kind, _, node = result["unique_id"].split(".")[:3]
            found.append(Failure(node, f"dbt {kind} {node}: {' '.join(str(result['message']).split())}"))
    return found


def rows_of_tables(places: Places) -> dict[str, int]:
    """Rows of each table of the warehouse by `schema.name`. Views are not counted: that would run them."""
    with duckdb.connect(str(places.warehouse), read_only=True) as connection:
        return {
            f"{schema}.{table}": rows
            for schema, table, rows in connection.execute(
                "select schema_name, table_name, estimated_size from duckdb_tables()"
            ).fetchall()
        }


def of_nodes(counted: Mapping[str, int], context: dg.AssetExecutionContext, nodes: list[str]) -> dict[str, int]:
    """The counts of tables as those of the dbt nodes behind them."""
    tables = {spec.metadata["dagster_dbt/unique_id"]: ".".join(spec.key.path) for spec in context.assets_def.specs}
    return {node: counted[tables[node]] for node in nodes if tables.get(node) in counted}


def gate_asset(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The gate behind all models."""
    suites = NAMES[1:]
    says = {
        "staging": "What became of the raw rows?",
        "reconciliation": "Do the marts agree with each other?",
        "drift": "What changed against the published build that should not have?",
    }

    @dg.multi_asset(
        name="gate",
        specs=[
            dg.AssetSpec(
                key=RESULTS,
                deps=[spec.key for spec in models.specs if spec.key.path[0] in ("marts", "staging")],
                group_name="quality",
                kinds={"greatexpectations"},
                owners=OWNERS,
                description="What Great Expectations found in the build that is about to be published, check by check.",
            )
        ],
        check_specs=[blocking_check(RESULTS, suite, says[suite]) for suite in suites],
        pool=POOL,
    )
    def validation_results(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        def work() -> Iterator[Any]:
            results = gate(refresh, NAMES)
            refresh.judge("gate", results)
            note_figures(refresh)
            docs = refresh.places.data_docs / "index.html"
            yield dg.MaterializeResult(
                asset_key=RESULTS,
                metadata={
                    "dagster/row_count": len(results),
                    "failed": sum(result.outcome == "failed" for result in results),
                    "warned": sum(result.outcome == "warned" for result in results),
                    "data_docs": dg.MetadataValue.path(str(docs)),
                },
            )
            for suite in suites:
                yield suite_result(RESULTS, suite, results)

        yield from guarded(refresh, "gate", ("raw", "models"), work)

    return validation_results


def note_figures(session: Session) -> None:
    """The build's own figures for the history, also of one that is blocked."""
    with duckdb.connect(str(session.places.warehouse), read_only=True) as connection:
        row = connection.execute(
            """
            select
                (select as_of_date from intermediate.int_as_of) as as_of_date,
                (select cast(coalesce(sum(rows), 0) as bigint) from marts.row_accounting where entity = 'orders'),
                (select count(*) from marts.orders),
                (select count(*) from marts.customers),
                (select sum(net_amount) from marts.orders)
            """
        ).fetchall()[0]
    figures = ("as_of_date", "raw_order_rows", "orders", "customers", "net_revenue")
    session.facts |= dict(zip(figures, row, strict=True))
    session.state.note(session.build_id, **session.facts)


def publish_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The published file."""

    @dg.asset(
        key=PUBLISHED,
        deps=marts,
        group_name="publish",
        kinds={"duckdb"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        pool=POOL,
        description="The file that others read: the schema marts, as DuckDB 1.x reads it, put in place by one rename.",
    )
    def retention(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        def work() -> Iterator[Any]:
            check_judged(refresh)
            shown = ("shop", "settings_hash", "raw_fingerprint", "as_of_date", "baseline_build_id", "accepted_reason")
            manifest = publish(refresh.places, refresh.build_id, {key: refresh.facts.get(key) for key in shown})
            yield dg.MaterializeResult(
                metadata={
                    "build_id": refresh.build_id,
                    "file": dg.MetadataValue.path(str(refresh.places.published)),
                    "bytes": manifest["bytes"],
                    "tables": len(manifest["tables"]),
                    "dagster/row_count": sum(manifest["tables"].values()),
                }
            )

        yield from guarded(refresh, "publish", ("raw", "models", "gate", "build"), work)

    return retention


def check_judged(session: Session) -> None:
    """Publish trusts nobody: every suite must have judged this very build, and nothing may block."""
    found = session.state.of_build("validation_results", session.build_id)
    for suite in NAMES:
        if not any(row["suite"] == suite for row in found):
            raise MissingSuiteError(f"the suite {suite} did not judge this build: nothing is published")
    held = [row for row in found if row["outcome"] == "failed"]
    if held:
        raise RefreshError(f"{held[0]['suite']}.{held[0]['check_name']} failed: nothing is published")
