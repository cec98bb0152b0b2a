"""The dbt project as Dagster sees it: its manifest, and what a model, a test and an exposure become there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.tests_in_words import description_of_test
from stammkunde.dbt import Dbt
from stammkunde.manifest import AFTER_PREDICTIONS, AFTER_THE_GATE, Manifest, phase_of
from stammkunde.places import Places

OWNERS = ["team:analytics-engineering"]
# A daily refresh that is half a day late is worth a look; one that was missed is a failure.
FRESHNESS = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=36), fail_window=timedelta(hours=49))
# Below the description of every asset: Dagster's page offers to make each by itself.
MADE_BY = "_Start the job `refresh` to make it: a refresh is always whole._"
EVERY_MART = "every mart"


def manifest(places: Places) -> dict:
    """The project's manifest; dbt parses the project again where something changed since."""
    path = Dbt(places.dbt_target, places.environment()).parsed("manifest.json")
    return with_homes_of_checks(json.loads(path.read_text(encoding="utf-8")))


def with_homes_of_checks(parsed: dict) -> dict:
    """The manifest, in which each test on several models says where it is shown: at the last of them to be built.

    Dagster would log it as an observation on all of them, and nobody would see it fail.
    """
    order = depths(parsed)
    for node in parsed["nodes"].values():
        parents = [parent for parent in node["depends_on"].get("nodes", []) if parent in parsed["nodes"]]
        if node["resource_type"] == "test" and not node.get("attached_node") and len(parents) > 1:
            home = max(parents, key=lambda parent: (order[parent], parent))
            node["config"].setdefault("meta", {})["dagster"] = {"ref": {"name": parsed["nodes"][home]["name"]}}
    return parsed


def depths(parsed: Mapping) -> dict[str, int]:
    """How late each node is built: the length of the longest way to it."""
    known: dict[str, int] = {}

    def depth(node: str) -> int:
        if node not in known:
            parents = parsed["nodes"].get(node, {}).get("depends_on", {}).get("nodes", [])
            known[node] = 1 + max((depth(parent) for parent in parents), default=0)
        return known[node]

    for node in parsed["nodes"]:
        depth(node)
    return known


def made_by_the_job(description: str) -> str:
    """What an asset is, and how it is made: a refresh is always whole."""
    return f"{description.strip()}\n\n{MADE_BY}"


class Translator(DagsterDbtTranslator):
    """Groups by layer, descriptions without SQL, owners and freshness."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_group_name(self, dbt_resource_props: Mapping) -> str:
        return layer(dbt_resource_props)

    def get_description(self, dbt_resource_props: Mapping) -> str:
        return made_by_the_job(dbt_resource_props["description"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping, unique_id: str, project
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=description_of_test(manifest, unique_id))

    def get_owners(self, dbt_resource_props: Mapping) -> Sequence[str]:
        return OWNERS

    def get_asset_spec(self, manifest: Mapping, unique_id: str, project) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if not layer(props).startswith("marts_") or props["resource_type"] == "source":
            return spec
        return spec.replace_attributes(freshness_policy=FRESHNESS)


def layer(props: Mapping) -> str:
    """The group of a dbt node: its folder below models/, for the folders are the architecture.

    Two groups keep the graph running one way: how a build was checked is known after it, and intermediate models that
    read predictions stand beside these.
    """
    if props["resource_type"] == "seed":
        return "seeds"
    if phase_of(props) == AFTER_THE_GATE:
        return "build"
    folders = [part for part in Path(props["original_file_path"]).parts[1:-1] if part != "marts"]
    if phase_of(props) == AFTER_PREDICTIONS and folders[0] == "intermediate":
        return "predictions"
    layers = ("raw", "quality", "predictions", "staging", "intermediate", "outcomes")
    return folders[0] if folders[0] in layers else f"marts_{folders[0]}"


def consumers(parsed: Mapping, published: dg.AssetKey) -> list[dg.AssetSpec]:
    """Who reads the published marts, from dbt's exposures."""
    marts = Manifest(parsed).marts()
    return [
        dg.AssetSpec(
            key=["consumers", exposure["name"]],
            deps=[published],
            description=exposure["description"],
            group_name="consumers",
            kinds={exposure["type"]},
            owners=OWNERS,
            metadata={"reads": ", ".join(read_by(exposure, marts)), "owner": exposure["owner"]["name"]},
        )
        for exposure in parsed["exposures"].values()
    ]


def read_by(exposure: Mapping, marts: Sequence[str]) -> list[str]:
    """The marts that an exposure names, or all where it says that it reads every mart."""
    if exposure["config"].get("meta", {}).get("reads") == EVERY_MART:
        return list(marts)
    return sorted(node.split(".")[-1] for node in exposure["depends_on"]["nodes"])


def with_row_counts(events: Iterable, count_rows) -> Iterator:
    """dbt's events, each table's materialisation with its number of rows, and then what was found of it.

    dbt holds the only lock on the warehouse while it runs: tables are counted when it is done, also if it failed.
    Dagster takes a check to be about the last materialisation: it is told of behind that of the table that it judged.
    """
    held: list[dg.Output] = []
    checks: list[dg.AssetCheckResult] = []
    failure: BaseException | None = None
    try:
        for event in events:
            if isinstance(event, dg.Output):
                held.append(event)
            elif isinstance(event, dg.AssetCheckResult):
                checks.append(event)
            else:
                yield event
    except Exception as error:
        failure = error
    names = [event.metadata["unique_id"].text for event in held]
    counts = count_rows(names)
    for event, unique_id in zip(held, names, strict=True):
        known = {"dagster/row_count": counts[unique_id]} if unique_id in counts else {}
        yield event.with_metadata({**event.metadata, **known})
    yield from checks
    if failure:
        raise failure
