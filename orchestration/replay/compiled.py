"""The models as SQL for any day: compiled once by dbt, for a day that never comes.

A day is then what a refresh with this `as_of_date` builds, because it is built by the same SQL.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from stammkunde.dbt import Dbt
from stammkunde.manifest import AFTER_THE_GATE, MARTS, Manifest, phase_of
from stammkunde.places import DUCKDB, Places

NO_DAY = "9876-05-04"  # stands where the day belongs
NO_DATABASE = "the_replayed_day"  # stands where the database of the day belongs
BUILD_ID = "replay"
STAGING = "models/staging/"


@dataclass(frozen=True)
class Relation:
    """A table or view by its schema and name."""

    schema: str
    name: str

    def inside(self, database: str) -> str:
        """Its name in SQL, quoted as dbt quotes."""
        return f'"{database}"."{self.schema}"."{self.name}"'


# What a refresh notes before dbt starts, and what is otherwise every day.
BUILDS, PUBLISHED_ORDERS = Relation("quality", "builds"), Relation("quality", "published_orders")
NOTED = (BUILDS, PUBLISHED_ORDERS)


@dataclass(frozen=True)
class Model:
    """One model, with its SQL for no day and in no database."""

    relation: Relation
    sql: str

    def sql_on(self, day: str, database: str) -> str:
        return self.sql.replace(NO_DAY, day).replace(f'"{NO_DATABASE}"', f'"{database}"')


@dataclass(frozen=True)
class Compiled:
    """The models that a day is built of, in their order, and what is the same every day: the relations that they read,
    and those of them that the gate reads."""

    models: tuple[Model, ...]
    kept: frozenset[Relation]
    shown: frozenset[Relation]


def compile_models(places: Places, settings: Mapping[str, object], folder: Path) -> Manifest:
    """dbt's manifest with the compiled SQL of all models, made in a folder of its own: no warehouse is opened."""
    given = {
        **places.environment(),
        "STAMMKUNDE_TARGET": DUCKDB,
        "STAMMKUNDE_WAREHOUSE": str(folder / f"{NO_DATABASE}.duckdb"),
        "STAMMKUNDE_BUILD_ID": BUILD_ID,
    }
    dbt = Dbt(folder / "target", given, {**settings, "as_of_date": NO_DAY})
    # One thread: hooks at the start of a run read what the one before made, and several are compiled at once.
    dbt.run("compile", "--threads", "1", "--exclude", "resource_type:test", "resource_type:unit_test")
    return Manifest.read(folder / "target" / "manifest.json")


def chain(
    manifest: Manifest,
    read_besides: frozenset[Relation],
    empty: frozenset[Relation],
    database: str,
    marts: Collection[str] | None = None,
    as_built: Collection[str] = (),
) -> Compiled:
    """What has to be built for a day: the marts - all, or those named - and `read_besides`, with all that they are
    built of and that depends on the day. The rest is read from `database`, models named in `as_built` as the one build
    left them.

    `empty` are relations without rows in the one build: a staging model that only leaves out what a day does not know
    is then empty on every day, and what follows from it alone stays as it is.
    """
    nodes = {**manifest.content["nodes"], **manifest.content["sources"]}
    models = {
        node["unique_id"]: node
        for node in manifest.models()
        if phase_of(node) != AFTER_THE_GATE and node["name"] not in as_built
    }
    wanted = needed(models, read_besides, marts)
    parents = {unique_id: models[unique_id]["depends_on"]["nodes"] for unique_id in wanted}
    ordered = [unique_id for unique_id in TopologicalSorter(parents).static_order() if unique_id in wanted]
    built: set[str] = set()
    for unique_id in ordered:
        node = models[unique_id]
        if is_left_empty(node, empty):
            continue
        reads = parents[unique_id]
        changes = NO_DAY in node["compiled_code"] or any(
            parent in built or is_of_a_day(nodes, parent) for parent in reads
        )
        if changes or node["schema"] == MARTS:
            built.add(unique_id)
    read = {parent for unique_id in built for parent in parents[unique_id]} - built
    kept = {relation_of(nodes[parent]) for parent in read if parent in nodes and not is_of_a_day(nodes, parent)}
    shown = read_besides & {relation_of(models[unique_id]) for unique_id in wanted - built}
    return Compiled(
        tuple(with_kept(models[unique_id], kept, database) for unique_id in ordered if unique_id in built),
        frozenset(kept) | shown,
        shown,
    )


def needed(
    models: Mapping[str, Mapping[str, Any]], read_besides: frozenset[Relation], marts: Collection[str] | None
) -> set[str]:
    """Marts, what is read besides, and all models above them."""
    found: set[str] = set()
    ahead = [
        key
        for key, node in models.items()
        if (node["schema"] == MARTS and (marts is None or node["name"] in marts)) or relation_of(node) in read_besides
    ]
    while ahead:
        unique_id = ahead.pop()
        if unique_id not in found:
            found.add(unique_id)
            ahead += [parent for parent in models[unique_id]["depends_on"]["nodes"] if parent in models]
    return found


def is_left_empty(node: Mapping[str, Any], empty: frozenset[Relation]) -> bool:
    return node["original_file_path"].startswith(STAGING) and relation_of(node) in empty


def is_of_a_day(nodes: Mapping[str, Mapping[str, Any]], unique_id: str) -> bool:
    node = nodes.get(unique_id)
    return node is not None and relation_of(node) in NOTED


def with_kept(node: Mapping[str, Any], kept: set[Relation], database: str) -> Model:
    sql = str(node["compiled_code"])
    for relation in kept:
        sql = sql.replace(relation.inside(NO_DATABASE), relation.inside(database))
    return Model(relation_of(node), sql)


def relation_of(node: Mapping[str, Any]) -> Relation:
    return Relation(node["schema"], node.get("identifier") or node.get("alias") or node["name"])
