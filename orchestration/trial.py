"""Whom a changed or new rule of the playbook would catch, today and on past month ends, before it is used.

A past day is what a refresh with this as_of_date builds, by the models' own SQL as the replay of the gate runs it, so
no figure sees what came later. Predictions of past days are not kept: a rule on them is tried on today alone. Nothing
is changed.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from intake.find import mapping_of
from orchestration.progress import Telling
from orchestration.replay.compiled import NO_DATABASE, Relation, compile_models
from orchestration.replay.past import KEPT, Past, database_of, opened
from orchestration.replay.replay import check_build, secrets_of
from reports.tables import harmless
from stammkunde import settings
from stammkunde.database import attach_read_only, identifier, in_memory, quoted, rows
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import replaced
from stammkunde.manifest import Manifest
from stammkunde.places import Places

ACTIONS, CUSTOMERS = Relation("marts", "retention_actions"), Relation("marts", "customers")
RULES, SEED = Relation("intermediate", "int_playbook_rules"), "playbook_rules"
PREDICTIONS, TRUST = Relation("marts", "customer_predictions"), Relation("marts", "prediction_trust")
AS_BUILT = (PREDICTIONS.name, TRUST.name)
MONTH_ENDS = 12
Rule = Mapping[str, str]
TypedRule = Mapping[str, Any]

# A rule without its consent and its cooldown, without its cooldown, and whole: so many customers are left step by step.
STEPS = (
    {"needs_consent": False, "cooldown_days": 0, "is_active": True},
    {"cooldown_days": 0, "is_active": True},
    {"is_active": True},
)


@dataclass(frozen=True)
class Caught:
    """Customers whom a rule catches on a day. `selected` and `on_the_list`: beside other rules, None on past days."""

    day: date
    in_stages: int
    meet_limits: int
    may_be_contacted: int
    not_in_cooldown: int
    treatment: int
    control: int
    selected: int | None = None
    on_the_list: int | None = None


@dataclass(frozen=True)
class Tried:
    """One rule as it was tried, and as it is in the playbook; newest day first, today alone where either compares
    predictions. `unknown`: those of them that nobody has today."""

    rule_id: str
    caught: Sequence[Caught]
    as_it_is: Sequence[Caught] | None  # None where the playbook does not hold it
    predictions: Sequence[str] = ()
    unknown: Sequence[str] = ()


@dataclass(frozen=True)
class Trial:
    """All that was tried, and today's customers: rows of retention_actions of the tried rules."""

    rules: Sequence[Tried]
    today: Sequence[Mapping[str, object]]


class TrialError(StammkundeError):
    """A rule cannot be tried; the text says what is wrong with it."""


def rules_of_file(file: Path) -> dict[str, tuple[int, Rule]]:
    """Rules of a CSV file in the seed's shape by their names, each with its line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened_file:
            reader = csv.DictReader(opened_file)
            found: dict[str, tuple[int, Rule]] = {}
            for row in reader:
                rule_id = row.get("rule_id") or ""
                if rule_id in found:
                    raise TrialError(f"{file}, line {reader.line_num}: rule {rule_id} stands there twice")
                if None in row or None in row.values():
                    raise TrialError(f"{file}, line {reader.line_num}: has not as many cells as the header")
                found[rule_id] = (reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrialError(f"{file}: cannot be read: {one_line(error)}") from error
    if not found:
        raise TrialError(f"{file}: holds no rule")
    return found


def try_rules(
    places: Places,
    changes: Mapping[str, Mapping[str, str]],
    file: Path | None,
    telling: Telling,
    month_ends: int = MONTH_ENDS,
) -> Trial:
    """Try rules: `changes` of those in the playbook, rule to field to value, and those of a file.

    Raises TrialError with the first thing that is wrong with a rule, and ReplayError where there is no build.
    """
    check_build(places)
    mapping = mapping_of(places.raw, places.mapping) if places.raw else None
    overrides = settings.overrides(mapping.settings if mapping else {})
    settings.check(overrides, str(mapping.path) if mapping else "the command line")
    with TemporaryDirectory(prefix="stammkunde-trial-") as folder:
        telling.say("reading the models ...")
        manifest = compile_models(places, overrides, Path(folder))
        shipped, tried = typed_rules(places.warehouse, manifest, changes, file)
        secrets = secrets_of(places, overrides)
        with opened(places.warehouse, manifest, Path(folder), secrets, {ACTIONS.name}, AS_BUILT) as past:
            return on_all_days(past, shipped, tried, telling, month_ends)


def typed_rules(
    warehouse: Path, manifest: Manifest, changes: Mapping[str, Mapping[str, str]], file: Path | None
) -> tuple[dict[str, TypedRule], dict[str, TypedRule]]:
    """The rules of the playbook and the tried ones by their names, as the models read them."""
    node = manifest.model(RULES.name)
    seed = next(
        manifest.content["nodes"][parent]
        for parent in node["depends_on"]["nodes"]
        if manifest.content["nodes"][parent]["name"] == SEED
    )
    build = identifier(warehouse.stem)
    loaded = f"{build}.{identifier(seed['schema'])}.{identifier(SEED)}"
    sql = str(node["compiled_code"]).replace(identifier(NO_DATABASE), build)
    try:
        with in_memory() as connection:
            attach_read_only(connection, warehouse, warehouse.stem)
            shipped = {str(row["rule_id"]): row for row in rows(connection, f"select * from {loaded}")}
            names = list(next(iter(shipped.values()), {}))
            lines = rules_of_file(file) if file else {}
            wanted = {rule_id: complete(file, line, row, names) for rule_id, (line, row) in lines.items()}
            wanted |= {rule_id: changed(shipped, rule_id, fields) for rule_id, fields in changes.items()}
            connection.execute(f"create table tried as select * from {loaded} where false")
            connection.executemany(
                f"insert into tried values ({', '.join('?' * len(names))})",
                [[row[name] for name in names] for row in wanted.values()],
            )
            found = rows(connection, sql.replace(loaded, "tried"))
            known = rows(connection, sql)
    except duckdb.Error as error:
        raise TrialError(f"the rules of {warehouse} cannot be read: {one_line(error)}") from error
    for row in sorted(found, key=lambda row: list(wanted).index(str(row["rule_id"]))):
        if row["fault"]:
            line = lines.get(str(row["rule_id"]))
            raise TrialError(f"{file}, line {line[0]}: {row['fault']}" if line else str(row["fault"]))
    return (
        {str(row["rule_id"]): row for row in known},
        {str(row["rule_id"]): row for row in found},
    )


def complete(file: Path | None, line: int, row: Rule, names: Sequence[str]) -> Rule:
    missing = [name for name in names if name not in row]
    if missing:
        raise TrialError(f"{file}: the column {missing[0]} is missing, of {', '.join(names)}")
    if not row["rule_id"]:
        raise TrialError(f"{file}, line {line}: rule_id is empty")
    return row


def changed(shipped: Mapping[str, Rule], rule_id: str, fields: Mapping[str, str]) -> Rule:
    """A rule of the playbook with other values."""
    if rule_id not in shipped:
        raise TrialError(f"rule {rule_id} is not in the playbook, which has {', '.join(sorted(shipped))}")
    for name in fields:
        if name not in shipped[rule_id] or name == "rule_id":
            raise TrialError(f"rule {rule_id}: {name} is no field of a rule, of {', '.join(shipped[rule_id])}")
    return {**shipped[rule_id], **fields}


def on_all_days(
    past: Past, shipped: Mapping[str, TypedRule], tried: Mapping[str, TypedRule], telling: Telling, month_ends: int
) -> Trial:
    days = [past.as_of_date, *month_ends_before(past.as_of_date, past.first_order_date, month_ends)]
    kept = {rule_id: rule for rule_id, rule in shipped.items() if rule_id in tried}
    beside = {**shipped, **{rule_id: {**rule, "is_active": True} for rule_id, rule in tried.items()}}
    predictions = {rule_id: predictions_of(past, rule, kept.get(rule_id)) for rule_id, rule in tried.items()}
    if all(predictions.values()):
        days = days[:1]
    unknown: set[str] = set()
    caught: list[Mapping[str, Caught]] = []
    as_it_is: list[Mapping[str, Caught]] = []
    today: list[Mapping[str, object]] = []
    with telling.counting("days"):
        for number, day in enumerate(days, start=1):
            past.build(day, None)
            selecting = beside if day == past.as_of_date else None
            if selecting:
                unknown = unknown_on(past, day, next(iter(tried.values())), sorted({*chain(*predictions.values())}))
            asked = {rule_id for rule_id in tried if selecting or not predictions[rule_id]}
            of_day = actions(past, day, list(selecting.values())) if selecting else None
            caught.append(on_day(past, day, only(asked, tried), of_day))
            before = actions(past, day, list(shipped.values())) if selecting and kept else None
            as_it_is.append(on_day(past, day, only(asked, kept), before))
            today += [row for row in of_day or () if row["rule_id"] in tried]
            past.forget(day)
            telling.count(number, len(days), "days")
    return Trial(
        [
            Tried(
                rule_id,
                [one[rule_id] for one in caught if rule_id in one],
                [one[rule_id] for one in as_it_is if rule_id in one] if rule_id in kept else None,
                predictions[rule_id],
                [name for name in predictions[rule_id] if name in unknown],
            )
            for rule_id in tried
        ],
        today,
    )


def only(asked: Collection[str], rules: Mapping[str, TypedRule]) -> dict[str, TypedRule]:
    return {rule_id: rule for rule_id, rule in rules.items() if rule_id in asked}


def predictions_of(past: Past, *rules: TypedRule | None) -> list[str]:
    """The predictions that rules compare, by name."""
    described = past.connection.execute(f"select * from {PREDICTIONS.inside(KEPT)} limit 0").description
    columns = {str(column[0]) for column in described}
    compared = {rule[name] for rule in rules if rule for name in ("metric", "and_metric")}
    return sorted(columns & compared)


def unknown_on(past: Past, day: date, rule: TypedRule, predictions: Sequence[str]) -> set[str]:
    """Those that no customer has in the eyes of the playbook: a rule that any value meets fires for nobody."""
    any_value = {**rule, **STEPS[0], "lifecycle_stage": "any", "operator": ">=", "threshold": 0.0, "and_metric": None}
    probes = [{**any_value, "rule_id": name, "metric": name} for name in predictions]
    if not probes:
        return set()
    query = f"select distinct rule_id from ({firing(past, day, probes)})"
    return set(predictions) - {str(rule_id) for (rule_id,) in past.connection.execute(query).fetchall()}


def on_day(
    past: Past, day: date, rules: Mapping[str, TypedRule], selecting: Sequence[Mapping[str, object]] | None
) -> dict[str, Caught]:
    """Whom each rule catches on a day that is built, step by step. `selecting`: the actions of that day beside all
    other rules, where that is asked."""
    if not rules:
        return {}
    steps = [actions(past, day, [{**rule, **without} for rule in rules.values()]) for without in STEPS]
    found = {}
    for rule_id, rule in rules.items():
        arms = [row["arm"] for row in steps[-1] if row["rule_id"] == rule_id]
        meet_limits, may_be_contacted, not_in_cooldown = (
            sum(row["rule_id"] == rule_id for row in step) for step in steps
        )
        of_rule = [row for row in selecting or () if row["rule_id"] == rule_id and row["is_selected"]]
        on_the_list = [row for row in of_rule if row["arm"] == "treatment" and not row["in_other_experiment"]]
        found[rule_id] = Caught(
            day,
            in_stages(past, day, str(rule["lifecycle_stage"])),
            meet_limits,
            may_be_contacted,
            not_in_cooldown,
            arms.count("treatment"),
            arms.count("control"),
            len(of_rule) if selecting is not None else None,
            len(on_the_list) if selecting is not None else None,
        )
    return found


def in_stages(past: Past, day: date, stages: str) -> int:
    asked = "true" if stages == "any" else f"lifecycle_stage in ({', '.join(map(quoted, stages.split('|')))})"
    query = f"select count(*) from {CUSTOMERS.inside(database_of(day))} where {asked}"
    ((count,),) = past.connection.execute(query).fetchall()
    return int(count)


def actions(past: Past, day: date, rules: Sequence[TypedRule]) -> Sequence[Mapping[str, object]]:
    """The rows of retention_actions of a day that is built, as if these were the rules."""
    return rows(past.connection, f"select * from ({firing(past, day, rules)}) order by rule_id, customer_id")


def firing(past: Past, day: date, rules: Sequence[TypedRule]) -> str:
    """The query of retention_actions of a day that is built, as if these were the rules."""
    (model,) = (model for model in past.compiled.models if model.relation == ACTIONS)
    kept = RULES.inside(KEPT)
    past.connection.execute(f"create or replace temp table tried_rules as select * from {kept} where false")
    names = list(rules[0])
    past.connection.executemany(
        f"insert into tried_rules ({', '.join(names)}) values ({', '.join('?' * len(names))})",
        [[rule[name] for name in names] for rule in rules],
    )
    return model.sql_on(day.isoformat(), database_of(day)).replace(kept, "tried_rules")


def month_ends_before(day: date, first: date, number: int) -> list[date]:
    """The last days of months before a day, newest first, none before the first order."""
    found: list[date] = []
    end = day.replace(day=1) - timedelta(days=1)
    while len(found) < number and end >= first:
        found.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return found


# What it says


def report(trial: Trial) -> Iterator[str]:
    for tried in trial.rules:
        yield ""
        yield f"{tried.rule_id}{'' if tried.as_it_is is not None else ' (not in the playbook)'}"
        yield (
            f"  {'as of':<10}  {'in stages':>9}  {'limits met':>10}  {'reachable':>9}  {'not in cooldown':>15}  "
            f"{'treatment':>9}  {'control':>7}" + ("" if tried.as_it_is is None else f"  {'as it is':>8}")
        )
        for number, caught in enumerate(tried.caught):
            as_it_is = "" if tried.as_it_is is None else f"  {tried.as_it_is[number].not_in_cooldown:>8,}"
            yield (
                f"  {caught.day}  {caught.in_stages:>9,}  {caught.meet_limits:>10,}  {caught.may_be_contacted:>9,}  "
                f"{caught.not_in_cooldown:>15,}  {caught.treatment:>9,}  {caught.control:>7,}{as_it_is}"
            )
        yield f"  {selected_today(tried)}"
        if tried.predictions:
            yield f"  Past days are left out: predictions of then are not kept ({', '.join(tried.predictions)})."
        for name in tried.unknown:
            yield f"  Nobody has {name} today: its model is refused or not shown to be better than its simple rival"
            yield "  (stammkunde backtest), so the rule catches nobody."


def selected_today(tried: Tried) -> str:
    caught = tried.caught[0]
    said = (
        f"Today it would be the selected rule of {caught.selected:,} customers beside the others, and put "
        f"{caught.on_the_list:,} on the list"
    )
    if tried.as_it_is is None:
        return f"{said}."
    before = tried.as_it_is[0]
    return f"{said}; as it is, of {before.selected:,}, and {before.on_the_list:,}."


WRITTEN = ("customer_id", "rule_id", "arm", "is_selected", "in_other_experiment", "metric_value", "and_metric_value")


def write_today(trial: Trial, file: Path, language: str) -> int:
    """Today's customers of the tried rules as a CSV file. Returns how many rows it has."""
    try:
        with replaced(file) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as opened_file:
            writer = csv.writer(opened_file)
            writer.writerow([*WRITTEN, "reason"])
            for row in trial.today:
                values = [row[name] for name in (*WRITTEN, f"reason_{language}")]
                writer.writerow(["" if value is None else harmless(str(value)) for value in values])
    except OSError as error:
        raise StammkundeError(f"{file}: cannot be written: {error.strerror}") from error
    return len(trial.today)
