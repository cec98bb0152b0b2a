"""Behind publish: the day's list of the playbook, where the environment asks each refresh for it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestration.action_list import ActionList, noted_and_written
from orchestration.assets.publish import PUBLISHED
from orchestration.assets.steps import POOL, guarded
from orchestration.dbt_graph import OWNERS, made_by_the_job
from orchestration.session import Session
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError, one_line

HANDED_OUT = dg.AssetKey(["handed_out", "retention_actions"])


def actions_asset() -> dg.AssetsDefinition:
    """The plain list. It may be left out: a refresh without one is whole."""

    @dg.multi_asset(
        name="actions",
        specs=[
            dg.AssetSpec(
                key=HANDED_OUT,
                deps=[PUBLISHED],
                skippable=True,
                group_name="handed_out",
                kinds={"csv"},
                owners=OWNERS,
                description=made_by_the_job(
                    "Whom to contact on the published day, by number and without an address. Only where "
                    "STAMMKUNDE_ACTIONS is set: whoever is handed out is in the cooldown of a rule from then on. What "
                    "fails here is told, and what is published stays published."
                ),
            )
        ],
        pool=POOL,
    )
    def retention_actions(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        if is_asked_for(refresh):
            yield from guarded(refresh, "actions", ("publish",), lambda: handed_out(refresh))

    return retention_actions


def is_asked_for(session: Session) -> bool:
    """Of a past day that is rebuilt nothing is handed out: nobody is written to for how things were."""
    return environment().actions and session.request.as_of_date is None


def handed_out(session: Session) -> Iterator[Any]:
    """Write the list of the day that was just published; nothing where that fails, which is said."""
    places, now = session.places, datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        lists = {
            language: noted_and_written(places, language, now, places.actions(language))
            for language in environment().languages or ["de"]
        }
    except Exception as error:  # whatever it is, readers have their figures
        why = str(error) if isinstance(error, StammkundeError) else f"{type(error).__name__}: {one_line(error)}"
        text = f"The day's list was not handed out: {why}. stammkunde actions tries it again"
        session.say(f"  {text}")
        session.failed_copies = [*session.failed_copies, text]
        return
    first = next(iter(lists.values()))
    session.say(f"  handed out: {first.headline()}")
    yield dg.MaterializeResult(asset_key=HANDED_OUT, metadata=metadata_of(lists, first))


def metadata_of(lists: dict[str, ActionList], first: ActionList) -> dict[str, Any]:
    """How many, by rule; never whom."""
    rules = [dg.TableRecord({"rule": rule, "contacts": number}) for rule, number in first.rules.most_common()]
    schema = dg.TableSchema(columns=[dg.TableColumn("rule"), dg.TableColumn("contacts", "int")])
    return {
        "as_of_date": str(first.as_of_date),
        "contacts": first.contacts,
        "controls": first.controls,
        "handed out before": first.is_again,
        "rules": dg.MetadataValue.table(records=rules, schema=schema),
        "dagster/row_count": first.contacts,
        **{f"list ({language})": dg.MetadataValue.path(str(made.file)) for language, made in lists.items()},
    }
