"""The gate behind all models."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from orchestration import compared
from orchestration.assets.steps import POOL, blocking_check, guarded, judged, suite_result
from orchestration.dbt_graph import OWNERS, made_by_the_job
from orchestration.quality.suites import NAMES, SUITES
from orchestration.session import Session, any_accepted
from stammkunde.database import read_only

RESULTS = dg.AssetKey(["quality", "validation_results"])
# Of a suite that is not there nothing can be asked; the first step says that it is missing (require_suites).
BEHIND_THE_MODELS = [name for name in NAMES[1:] if name in SUITES]


def gate_asset(models: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """What the suites found, after all steps that build models."""
    built = [step.op.name for step in models]

    @dg.multi_asset(
        name="gate",
        specs=[
            dg.AssetSpec(
                key=RESULTS,
                deps=[spec.key for step in models for spec in step.specs if spec.key.path[0] in ("marts", "staging")],
                group_name="quality",
                kinds={"greatexpectations"},
                owners=OWNERS,
                description=made_by_the_job(
                    "What Great Expectations found in the build that is about to be published, check by check."
                ),
            )
        ],
        check_specs=[blocking_check(RESULTS, suite, SUITES[suite].asks) for suite in BEHIND_THE_MODELS],
        pool=POOL,
    )
    def validation_results(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, "gate", ("raw", *built), lambda: judge_build(refresh))

    return validation_results


def judge_build(session: Session) -> Iterator[Any]:
    results = judged(session, NAMES)
    session.judge("gate", results)
    note_figures(session)
    note_closed_months(session, any_accepted(results))
    yield dg.MaterializeResult(
        asset_key=RESULTS,
        metadata={
            "dagster/row_count": len(results),
            "failed": sum(result.outcome == "failed" for result in results),
            "warned": sum(result.outcome == "warned" for result in results),
            "data_docs": dg.MetadataValue.path(str(session.places.data_docs / "index.html")),
        },
    )
    for suite in BEHIND_THE_MODELS:
        yield suite_result(RESULTS, suite, results)


def note_figures(session: Session) -> None:
    """The figures by which builds are told apart in the history."""
    with read_only(session.places.warehouse) as connection:
        row = connection.execute(
            """
            select
                (select as_of_date from intermediate.int_as_of),
                (select coalesce(sum(rows), 0) from marts.row_accounting where entity = 'orders'),
                (select count(*) from marts.orders),
                (select count(*) from marts.customers),
                (select sum(net_amount) from marts.orders)
            """
        ).fetchall()[0]
    figures = ("as_of_date", "raw_order_rows", "orders", "customers", "net_revenue")
    session.facts |= dict(zip(figures, row, strict=True))
    session.state.note(session.build_id, **session.facts)


def note_closed_months(session: Session, is_accepted: bool) -> None:
    """What will have been published of closed months, if this build is."""
    if session.is_blocked or session.request.as_of_date:
        return
    history = compared.published_months(session.state, session.source.names)
    build = {"build_id": session.build_id, "shop": session.places.shop, "as_of_date": session.facts["as_of_date"]}
    with read_only(session.places.warehouse) as connection:
        months = compared.closed_months_of(connection)
    session.state.add("closed_months", compared.months_to_note(history, months, build, is_accepted))
