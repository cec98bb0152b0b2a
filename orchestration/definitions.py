"""What Dagster shows and runs: `make dagster` opens it."""

from __future__ import annotations

import dagster as dg
from dagster_dbt import DbtCliResource

from orchestration import automation
from orchestration.assets import PUBLISHED, gate_asset, model_assets, publish_asset, raw_assets, refresh
from orchestration.places import PROJECT, Places
from orchestration.transformations import consumers, dbt_program, manifest


def definitions() -> dg.Definitions:
    """The asset graph, one job that refreshes all of it, and what starts that job."""
    parsed = manifest(Places.from_environment())
    models, build = model_assets(parsed)
    marts = [key for key in [*models.keys, *build.keys] if key.path[0] == "marts"]
    assets = [raw_assets(), models, gate_asset(models), build, publish_asset(marts)]
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
        resources={
            "refresh": refresh,
            "dbt": DbtCliResource(project_dir=str(PROJECT), dbt_executable=str(dbt_program())),
        },
        executor=dg.in_process_executor,
    )


defs = definitions()
