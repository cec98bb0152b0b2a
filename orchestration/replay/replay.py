"""The replay from its beginning to its end, and what it has to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from intake.find import mapping_of
from intake.reporting.findings import counted
from orchestration.progress import Telling
from orchestration.quality.checks import Check
from orchestration.quality.results import BLOCKING, shown_expected, shown_number
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import load_thresholds, thresholds_file
from orchestration.replay.alarms import PASSED, WARNED, Alarms, DayVerdict, Event, Judge, Name
from orchestration.replay.compiled import compile_models
from orchestration.replay.past import Known, Past, ReplayError, opened
from orchestration.replay.proposal import BLOCKED_A_YEAR, WARNINGS_A_YEAR, kept_goal, proposals
from orchestration.targets import on_spark
from stammkunde import salt, settings
from stammkunde.places import Places

COUNTED = "days replayed"
SHOWN_EVENTS = 10  # of one check


def replay(places: Places, start: date | None, days: int, every: int, telling: Telling) -> Iterator[str]:
    """Replay the gate over a shop's past and say how often it would have cried wolf. Nothing is changed.

    Raises ReplayError where there is no build, or no past.
    """
    check_build(places)
    mapping = mapping_of(places.raw, places.mapping) if places.raw else None
    overrides = settings.overrides(mapping.settings if mapping else {})
    settings.check(overrides, str(mapping.path) if mapping else "the command line")
    with TemporaryDirectory(prefix="stammkunde-replay-") as folder:
        telling.say("reading the models ...")
        manifest = compile_models(places, overrides, Path(folder))
        with opened(places.warehouse, manifest, Path(folder), secrets_of(places, overrides)) as past:
            wanted = wanted_days(past, start, days, every)
            telling.say(f"replaying {len(wanted) - 1:,} refreshes, {wanted[1]} to {wanted[-1]} ...")
            alarms = Alarms(wanted[1:], every, replayed(past, wanted, telling))
            yield from report(alarms, past.known)


def secrets_of(places: Places, overrides: Mapping[str, object]) -> dict[str, str]:
    """What a refresh hands to the models and writes down nowhere, as DuckDB knows it (dbt_plugins)."""
    key = places.records / salt.KEY_FILE
    return {
        "identity_salt": salt.given(overrides) or salt.kept(places),
        "suppression_key": key.read_text(encoding="utf-8").strip() if key.exists() else "",
    }


def check_build(places: Places) -> None:
    if on_spark(places.target):
        raise ReplayError("only builds of DuckDB can be replayed; with the same folder: stammkunde run --target duckdb")
    if not places.warehouse.exists():
        raise ReplayError(f"there is no build yet in {places.warehouse}: stammkunde run first")


def wanted_days(past: Past, start: date | None, days: int, every: int) -> list[date]:
    """The days to replay and the one that the first is compared with. Raises ReplayError where there is none."""
    last = past.as_of_date
    if start:
        last = min(last, start + timedelta(days=days - 1))
        first = start
    else:
        first = last - timedelta(days=days - 1)
    first = max(first, past.first_order_date + timedelta(days=every))
    found = []
    while last >= first:
        found.append(last)
        last -= timedelta(days=every)
    if not found:
        raise ReplayError(
            f"there is nothing to replay from {first} on: the orders of the last build are of {past.first_order_date} "
            f"to {past.as_of_date}"
        )
    return [found[-1] - timedelta(days=every), *reversed(found)]


def replayed(past: Past, wanted: list[date], telling: Telling) -> list[DayVerdict]:
    judge = Judge(load_thresholds())
    found: list[DayVerdict] = []
    with telling.counting(COUNTED):
        for number, day in enumerate(past.days(wanted), start=1):
            found += judge.verdicts(day)
            telling.count(number, len(wanted) - 1, COUNTED)
    return found


# What it says


def report(alarms: Alarms, known: Known) -> Iterator[str]:
    between = "the day before" if alarms.every == 1 else f"the one {alarms.every} days before"
    yield ""
    yield (
        f"Replayed {len(alarms.days):,} refreshes, {alarms.days[0]} to {alarms.days[-1]}, each compared with {between}."
    )
    yield from how_known(known)
    yield ""
    yield from totals(alarms)
    for outcome, heading in ((BLOCKING, "Would have blocked"), (WARNED, "Would have warned")):
        names = [name for name in alarms.by_check if alarms.events_of(name, outcome)]
        if names:
            yield ""
            yield heading
        for name in names:
            yield from events(name, alarms, outcome)
    yield from proposed(alarms)
    yield from room(alarms)


def how_known(known: Known) -> Iterator[str]:
    if known.by_order_date:
        yield (
            f"The export holds latest states: {known.share:.0%} of the orders were changed after their day and have no "
            "older version."
        )
        yield (
            "So dates of change (updated_at) were left out: an order counts as known from its order date on, in its "
            "first version that there is."
        )
    else:
        yield (
            "Orders count as known from their dates of change (updated_at) on, as with AS_OF_DATE; "
            f"{known.share:.1%} of them have no version from before a change."
        )


def totals(alarms: Alarms) -> Iterator[str]:
    blocked, warnings = alarms.blocked(), alarms.events(WARNED)
    told = sum(len(event.verdicts) for event in warnings)
    yield f"{'Blocked refreshes':<20}{len(blocked):>6}   at most {BLOCKED_A_YEAR} a year"
    yield (
        f"{'Warnings':<20}{len(warnings):>6}   at most {WARNINGS_A_YEAR} a year"
        + (f"; told {told:,} times, as a warning stays while its cause does" if told > len(warnings) else "")
    )
    yield "That is within the goal." if kept_goal(alarms) else "That is more than the goal allows."


def events(name: Name, alarms: Alarms, outcome: str) -> Iterator[str]:
    found = alarms.events_of(name, outcome)
    days = sum(len(event.verdicts) for event in found)
    yield (
        f"  {'.'.join(name)}: {counted(days, 'refresh', 'refreshes')}, {counted(len(found), 'occasion', 'occasions')}"
        f" (allowed: {shown_expected(check_of(name), found[0].first.limits)})"
    )
    for event in found[:SHOWN_EVENTS]:
        yield f"    {span(event):<26}{event.first.said}"
    if len(found) > SHOWN_EVENTS:
        yield f"    and {len(found) - SHOWN_EVENTS:,} more"


def span(event: Event) -> str:
    first, last = event.first.day, event.last.day
    return str(first) if first == last else f"{first} to {last}"


def proposed(alarms: Alarms) -> Iterator[str]:
    if kept_goal(alarms):
        return
    found = proposals(alarms)
    yield ""
    if not found:
        yield "No limits would let these pass: look at the days named."
        return
    then = alarms.with_limits({proposal.name: proposal.limits for proposal in found})
    yield (
        f"If nothing was wrong on these days, put these limits into {thresholds_file()} or a copy of it "
        f"(STAMMKUNDE_THRESHOLDS): {counted(len(then.blocked()), 'blocked refresh', 'blocked refreshes')} and "
        f"{counted(len(then.events(WARNED)), 'warning', 'warnings')} are left"
    )
    for suite in NAMES:
        lines = [proposal.line() for proposal in found if proposal.name[0] == suite]
        if lines:
            yield f"  {suite}:"
        yield from (f"    {line}" for line in lines)


def room(alarms: Alarms) -> Iterator[str]:
    """How near the checks without an alarm came to their limits."""
    lines = list(nearest(alarms))
    if lines:
        yield ""
        yield "How near the other checks came to their limits"
        width = max(len(name) for name, _ in lines)
        yield from (f"  {name:<{width}}  {said}" for name, said in lines)


def nearest(alarms: Alarms) -> Iterator[tuple[str, str]]:
    for name, verdicts in alarms.by_check.items():
        judged = [verdict for verdict in verdicts if verdict.lowest is not None]
        if not judged or any(verdict.outcome != PASSED for verdict in judged):
            continue
        check, limits = check_of(name), verdicts[0].limits
        said = [
            f"{shown_number(value(furthest), check.unit)} on {furthest.day}"
            for value, furthest in outermost(limits, judged)
        ]
        yield ".".join(name), f"{' and '.join(said)}; allowed: {shown_expected(check, limits)}"


def outermost(limits, judged: list[DayVerdict]) -> Iterator:
    """The lowest and the highest value, where there is a limit on that side, each with its verdict."""
    for value, side, choose in ((lowest, "min", min), (highest, "max", max)):
        if getattr(limits, side) is not None:
            yield value, choose(judged, key=value)


def lowest(verdict: DayVerdict) -> float:
    return float("nan") if verdict.lowest is None else verdict.lowest


def highest(verdict: DayVerdict) -> float:
    return float("nan") if verdict.highest is None else verdict.highest


def check_of(name: Name) -> Check:
    suite, check_name = name
    checks: Iterable[Check] = (check for table in SUITES[suite].tables for check in table.checks)
    return next(check for check in checks if check.name == check_name)
