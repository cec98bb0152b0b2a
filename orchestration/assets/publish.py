"""The last step: the published file, and in it the marts that say how the build was checked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.assets.gate import RESULTS
from orchestration.assets.steps import POOL, guarded
from orchestration.copies.renew import renew
from orchestration.dbt_graph import FRESHNESS, OWNERS, Translator, made_by_the_job
from orchestration.publish.builds import PublishError
from orchestration.publish.customer_states import follow
from orchestration.publish.place import FACTS
from orchestration.publish.publish import publish, rebuild
from orchestration.quality.gate import MissingSuiteError
from orchestration.quality.suites import NAMES
from orchestration.session import RefreshError, Session
from orchestration.tests_in_words import description_of_test
from reports.summary import headline
from stammkunde.environment import environment
from stammkunde.manifest import AFTER_THE_GATE, Manifest, Words

PUBLISHED = dg.AssetKey(["published", "retention"])


def publish_asset(content: Mapping[str, Any], models: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """The published file. Marts behind the gate are views over what it wrote: they get their rows here."""
    manifest = Manifest(content)
    marts = [spec.key for step in models for spec in step.specs if spec.key.path[0] == "marts"]
    late = [
        Translator().get_asset_spec(content, manifest.model(name)["unique_id"], None)
        for name in manifest.of_phase(AFTER_THE_GATE)
    ]
    late = [spec.replace_attributes(deps=[*marts, RESULTS]) for spec in late]
    rules = [
        dg.AssetCheckSpec(
            name=test["name"],
            asset=spec.key,
            description=f"{description_of_test(content, test['unique_id'])} Applied to the published file.",
        )
        for spec in late
        for test in manifest.tests_of(spec.key.path[-1])
    ]
    published = dg.AssetSpec(
        key=PUBLISHED,
        deps=[*marts, *(spec.key for spec in late)],
        group_name="publish",
        kinds={"duckdb"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        description=made_by_the_job(
            "The file that others read: the schema marts, as DuckDB 1.4 and later read it, put in place by one rename."
        ),
    )

    words = manifest.words()

    @dg.multi_asset(name="publish", specs=[*late, published], check_specs=rules, pool=POOL)
    def retention(context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Session]) -> Iterator[Any]:
        keys = [spec.key for spec in late]
        yield from guarded(refresh, "publish", ("gate",), lambda: write_and_publish(refresh, keys, rules, words))

    return retention


def write_and_publish(
    session: Session,
    late: Sequence[dg.AssetKey],
    rules: Sequence[dg.AssetCheckSpec],
    words: Mapping[str, Words],
) -> Iterator[Any]:
    check_judged(session)
    facts = {key: session.facts.get(key) for key in FACTS}
    sql = {rule.name: session.sql_of_tests[rule.name] for rule in rules}
    published = rebuild_or_publish(session, facts, sql, words)
    tables: Mapping[str, int] = published["tables"]  # type: ignore[assignment]
    for key in late:
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": tables[key.path[-1]]})
    yield dg.MaterializeResult(
        asset_key=PUBLISHED,
        metadata={
            **headline(session.written_file),
            **{
                f"report ({language})": dg.MetadataValue.path(str(session.places.report(language)))
                for language in environment().languages
                if not session.request.as_of_date
            },
            "build_id": session.build_id,
            "file": dg.MetadataValue.path(str(session.written_file)),
            "bytes": int(str(published["bytes"])),
            "tables": len(tables),
            "dagster/row_count": sum(tables.values()),
        },
    )
    for rule in rules:
        yield dg.AssetCheckResult(asset_key=rule.asset_key, check_name=rule.name, passed=True)


def rebuild_or_publish(
    session: Session, facts: Mapping[str, object], sql: Mapping[str, str], words: Mapping[str, Words]
) -> Mapping[str, object]:
    """Figures of a past day never take the place of current ones."""
    day = session.request.as_of_date
    if day is None:
        manifest = publish(session.places, session.build_id, facts, sql, words)
        session.failed_copies = [*states_not_recorded(session), *renew(session.places, session.say)]
        return manifest
    manifest = rebuild(session.places, day, session.build_id, facts, sql, words)
    session.say(f"  the figures of {day} are in {session.places.as_of(day)}; what readers see stays as it is")
    return manifest


def states_not_recorded(session: Session) -> Iterator[str]:
    """Record the states of customers that readers have now. Says where that failed: what is published stays."""
    try:
        follow(session.places)
    except PublishError as error:
        session.say(f"  {error}")
        yield str(error)


def check_judged(session: Session) -> None:
    """Publish trusts nobody: every suite must have judged this very build, and nothing may block."""
    found = session.state.of_build("validation_results", session.build_id)
    for suite in NAMES:
        if not any(row["suite"] == suite for row in found):
            raise MissingSuiteError(f"the suite {suite} did not judge this build: nothing is published")
    held = [row for row in found if row["outcome"] == "failed"]
    if held:
        raise RefreshError(f"{held[0]['suite']}.{held[0]['check_name']} failed: nothing is published")
