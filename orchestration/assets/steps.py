"""What the steps share: the refresh as a resource, errors without traceback, suites as asset checks."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg
from rich.console import Console

from orchestration import compared
from orchestration.mending import found_places
from orchestration.outage import OutageError, outage_told
from orchestration.progress import Telling
from orchestration.quality.data_docs import write_data_docs
from orchestration.quality.evidence import gathered
from orchestration.quality.gate import judge
from orchestration.quality.results import Result
from orchestration.quality.suites import SUITES
from orchestration.quality.thresholds import Threshold, Thresholds, check_names, load_thresholds
from orchestration.session import Session, WarehouseLockedError, refresh_session
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError, one_line
from stammkunde.hiding import hidden
from stammkunde.request import RefreshRequest
from stammkunde.shops import is_sample_shop, warehouse_places

POOL = "warehouse"
MODELS, PREDICTIONS = "models", "predictions"  # steps that others name as those before them
LOCK_TRIES, LOCK_SECONDS = 20, 15
AGE_OF_ORDERS = "days_since_the_last_order"


def refresh_of(request: RefreshRequest) -> dg.ResourceDefinition:
    """The refresh that a run makes. What it is asked for is no configuration of the run: whoever reaches Dagster's page
    could set it there."""

    @dg.resource(
        config_schema={},
        description="The refresh that a run makes: it holds the warehouse's lock from the first step to the last.",
    )
    def refresh(context: dg.InitResourceContext) -> Iterator[Session | None]:
        assert context.run_id and context.log
        if is_over(context):
            yield None
            return
        terminal = Console(file=sys.__stdout__, highlight=False, soft_wrap=True) if environment().terminal else None
        telling = Telling(context.log.info, terminal)
        try:
            with outage_told(warehouse_places(), request, telling.say, context.run_id):
                places = found_places()
            with refresh_session(places, context.run_id, request, telling) as session:
                yield session
        except OutageError as error:  # there is no step yet that could tell
            raise dg.Failure(description=str(error), allow_retries=False) from None

    return refresh


def is_over(context: dg.InitResourceContext) -> bool:
    """Whether the run has ended: `dagster job execute` makes its resources once more then, to look at its outputs. No
    step follows, and it is no refresh."""
    run = context.instance.get_run_by_id(str(context.run_id)) if context.instance else None
    return run is not None and run.is_finished


def guarded(session: Session, step: str, after: Sequence[str], work: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """A step whose known errors are shown without a traceback; a warehouse that is open elsewhere is tried again."""
    try:
        with session.step(step, after):
            yield from work()
    except WarehouseLockedError as error:
        raise dg.RetryRequested(max_retries=LOCK_TRIES, seconds_to_wait=LOCK_SECONDS) from error
    except StammkundeError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except Exception as error:
        if hidden(str(error)) == str(error):  # Dagster keeps it with its traceback
            raise
        raise dg.Failure(description=f"{type(error).__name__}: {one_line(error)}", allow_retries=False) from None


def judged(session: Session, suites: tuple[str, ...]) -> list[Result]:
    """What the suites find, beside the build that this one is compared with."""
    before = session.baseline
    noted = compared.noted(session.state, session.build_id, before, session.source.names)
    warehouse = session.places.warehouse if suites != ("raw",) else None
    with gathered(noted, date.today(), warehouse, before.file if before else None) as evidence:
        results = judge(suites, evidence, limits(session.places.shop), session.acceptance, session.lasting)
    compared_with = before.build_id if before else "nothing: no build of this shop is published"
    write_data_docs(session.places.data_docs, results, {"Build": session.build_id, "Compared with": compared_with})
    return results


def limits(shop: str) -> Thresholds:
    """The limits of the gate. That the orders of the sample are old is no news: they are generated."""
    found = load_thresholds()
    check_names(found, {name: [check.name for check in suite.checks()] for name, suite in SUITES.items()})
    if not is_sample_shop(shop):
        return found
    return {**found, "raw": {**found.get("raw", {}), AGE_OF_ORDERS: Threshold(severity="off")}}


def blocking_check(asset: dg.AssetKey, suite: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name=suite, asset=asset, blocking=True, description=description)


def suite_result(asset: dg.AssetKey, suite: str, results: Sequence[Result]) -> dg.AssetCheckResult:
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
