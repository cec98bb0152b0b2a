"""What Dagster shows and runs: `make dagster` opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration import automation
from orchestration.assets.actions import actions_asset
from orchestration.assets.gate import gate_asset
from orchestration.assets.models import model_assets
from orchestration.assets.predictions import prediction_asset
from orchestration.assets.publish import PUBLISHED, publish_asset
from orchestration.assets.raw import raw_assets
from orchestration.assets.steps import refresh_of
from orchestration.dbt_graph import consumers, manifest
from orchestration.mending import found_places
from orchestration.outage import complain, outage_told
from stammkunde.request import RefreshRequest
from stammkunde.shops import warehouse_places


def definitions(parsed: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The asset graph, one job that refreshes all of it, and what starts that job. `parsed` is dbt's manifest."""
    if parsed is None:
        with outage_told(warehouse_places(), RefreshRequest(), complain):
            parsed = manifest(found_places())
    models = model_assets(parsed)
    published = publish_asset(parsed, models)
    assets = [raw_assets(), prediction_asset(), *models, gate_asset(models), published, actions_asset()]
    # One process from first step to last: the lock is held by it, and freed with it.
    job = dg.define_asset_job(
        automation.JOB,
        selection=dg.AssetSelection.assets(*assets),
        executor_def=dg.in_process_executor,
        description="One whole refresh: raw files to published marts. Nothing is published that did not pass.",
    )
    return dg.Definitions(
        assets=[*assets, *consumers(parsed, PUBLISHED)],
        jobs=[job],
        schedules=[automation.daily(job)],
        sensors=[automation.on_new_files(job), automation.on_crash()],
        resources={"refresh": refresh_of(RefreshRequest())},  # page, schedule and sensor: the usual one
        executor=dg.in_process_executor,
    )


defs = definitions()
