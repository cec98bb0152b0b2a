"""The predictions, between the models that they read and the marts that show them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.assets.steps import MODELS, POOL, PREDICTIONS, guarded
from orchestration.dbt_graph import OWNERS, made_by_the_job
from orchestration.predicting.predict import predict
from orchestration.predicting.steps import STEPS
from orchestration.predicting.tables import definitions
from orchestration.session import Session
from stammkunde import settings


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

    @dg.multi_asset(name=PREDICTIONS, specs=specs, pool=POOL)
    def predicted(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        yield from guarded(refresh, PREDICTIONS, ("raw", MODELS), lambda: predict_all(refresh))

    return predicted


def predict_all(session: Session) -> Iterator[Any]:
    rows = predict(session.places, session.build_id, settings.in_force(session.overrides), session.say)
    for table, count in rows.items():
        yield dg.MaterializeResult(asset_key=["predictions", table], metadata={"dagster/row_count": count})
