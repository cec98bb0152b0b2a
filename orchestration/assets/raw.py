"""The first step: raw entities made readable, measured, and judged before dbt starts."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from intake.entities import entities
from intake.find import mapping_of
from intake.prepare import prepare
from orchestration import raw
from orchestration.assets.steps import POOL, blocking_check, guarded, judged, suite_result
from orchestration.dbt_graph import OWNERS, made_by_the_job
from orchestration.quality.gate import require_suites
from orchestration.quality.suites import NAMES
from orchestration.raw_tables import entities_of_tables, measure_tables
from orchestration.session import Session
from orchestration.state import definitions
from orchestration.targets import check_installed, check_running

# What refreshes noted and models read (models/quality/quality.yml); the gate's results are made behind them.
READ_BY_MODELS = (
    "builds", "published_orders", "erased_orders", "suppressed", "quarantined_rows", "customer_states",
    "action_lists",
)  # fmt: skip
ORDERS = dg.AssetKey(["raw", "orders"])
# What intake notes about lines of files before they are raw rows.
NOTED_BY_INTAKE = {
    "intake_outcomes": "How many lines of files were folded into others, or left out by a rule of the mapping.",
    "intake_files": "How many lines each file has that a mapping reads, and how many raw rows were made of them.",
}


def raw_assets() -> dg.AssetsDefinition:
    """The raw entities, and what the build is compared with."""
    specs = [
        dg.AssetSpec(
            key=["raw", entity.name],
            group_name="raw",
            kinds={"file"},
            owners=OWNERS,
            description=made_by_the_job(
                f"The raw entity {entity.name}, as the shop exported it. What dbt cannot read gets converted."
            ),
        )
        for entity in entities().values()
    ]
    specs += [
        dg.AssetSpec(
            key=["intake", table], group_name="raw", kinds={"parquet"}, owners=OWNERS,
            description=made_by_the_job(description),
        )
        for table, description in NOTED_BY_INTAKE.items()
    ]  # fmt: skip
    specs += [
        dg.AssetSpec(
            key=["quality", table], group_name="baseline", kinds={"parquet"}, owners=OWNERS,
            description=made_by_the_job(definitions()[table]["description"]),
        )
        for table in READ_BY_MODELS
    ]  # fmt: skip

    @dg.multi_asset(
        name="raw",
        specs=specs,
        check_specs=[blocking_check(ORDERS, "raw", "Is everything there that was there before?")],
        pool=POOL,
    )
    def raw_entities(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, "raw", (), lambda: read_and_judge(refresh))

    return raw_entities


def read_and_judge(session: Session) -> Iterator[Any]:
    session.claim()
    require_suites(NAMES)  # said now, not after dbt has built everything
    places = session.places
    check_installed(places.target)
    check_running(places.target)
    session.begin(mapping_of(places.raw, places.mapping) if places.raw else None)
    in_tables = entities_of_tables(places.raw_tables)
    if places.raw:
        session.prepared = prepare(places.raw, places.prepared, places.mapping, in_tables)
    of_tables = measure_tables(session.dbt, places.raw_tables, date.today())
    measured = [
        {**row, **of_tables.get(str(row["entity"]), {}), "build_id": session.build_id}
        for row in raw.measure(session.prepared, date.today())
    ]
    session.keep_source()
    session.state.replace("raw_entities", session.build_id, measured)
    for table, noted in zip(("raw_columns", "raw_values"), raw.measure_columns(session.prepared), strict=True):
        session.state.replace(table, session.build_id, [{**row, "build_id": session.build_id} for row in noted])
    for row in measured:
        metadata: dict[str, Any] = {"files": row["files"], "bytes": row["bytes"], "dagster/row_count": row["rows"]}
        metadata["last_date"] = str(row["last_date"] or "none")
        yield dg.MaterializeResult(asset_key=["raw", str(row["entity"])], metadata=metadata)
    for table in NOTED_BY_INTAKE:
        yield dg.MaterializeResult(asset_key=["intake", table])
    compared = session.baseline.build_id if session.baseline else "nothing: no build of this shop is published"
    facts = {"build_id": session.build_id, "compared_with": compared}
    for table in READ_BY_MODELS:
        yield dg.MaterializeResult(asset_key=["quality", table], metadata=facts)
    results = judged(session, ("raw",))
    session.judge("raw", results)
    yield suite_result(ORDERS, "raw", results)
