"""The predictions, between the models that they read and the marts that show them."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from orchestration.assets.steps import MODELS, POOL, PREDICTIONS, guarded
from orchestration.dbt_graph import OWNERS, made_by_the_job
from orchestration.monthly import with_backtests
from orchestration.predicting.monthly import calibration_drift
from orchestration.predicting.predict import predict
from orchestration.predicting.steps import STEPS
from orchestration.predicting.tables import definitions
from orchestration.session import Session
from predictions.backtesting.verdict import Drift
from stammkunde import settings

BACKTEST = dg.AssetKey(["predictions", "backtest"])
DRIFT = "calibration_drift"


def prediction_asset() -> dg.AssetsDefinition:
    """The tables of the source `predictions`."""
    read = sorted({model for step in STEPS for model in ("int_as_of", *step.models)})
    specs = [
        dg.AssetSpec(
            key=["predictions", name],
            deps=[dg.AssetKey(["intermediate", model]) for model in read],
            group_name="predictions",
            kinds={"python", "parquet"},
            owners=OWNERS,
            description=made_by_the_job(table["description"]),
        )
        for name, table in definitions().items()
    ]

    drift = dg.AssetCheckSpec(
        name=DRIFT,
        asset=BACKTEST,
        description="Are probabilities as right as they were? It only warns.",
    )

    @dg.multi_asset(name=PREDICTIONS, specs=specs, check_specs=[drift], pool=POOL)
    def predicted(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, PREDICTIONS, ("raw", MODELS), lambda: predict_all(refresh))

    return predicted


def predict_all(session: Session) -> Iterator[Any]:
    rows = predict(
        session.places, session.build_id, settings.in_force(session.overrides), session.say, with_backtests(session)
    )
    for table, count in rows.items():
        yield dg.MaterializeResult(asset_key=["predictions", table], metadata={"dagster/row_count": count})
    yield drift_result(calibration_drift(session.places, session.build_id), session)


def drift_result(found: Sequence[Drift], session: Session) -> dg.AssetCheckResult:
    told = [
        f"probabilities of {drift.model} as of {drift.as_of_date} are off by {drift.error:.3f} on average, "
        f"{drift.before:.3f} at the dates before: docs/backtests.md"
        for drift in found
    ]
    for text in told:
        session.say(f"  warned: {text}")
    return dg.AssetCheckResult(
        asset_key=BACKTEST,
        check_name=DRIFT,
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
    )
