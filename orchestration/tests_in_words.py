"""What each of dbt's tests asks, in words: Dagster shows it beside the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

RULES = "keeps_its_rules"  # macros/quality/rules.sql
FAULTS = "has_no_faults"
WORDS = {
    "not_null": "is never null",
    "unique": "is unique",
    "min": "is {limit} or more",
    "max": "is {limit} or less",
    "values": "is one of {limit}",
}


def description_of_test(manifest: Mapping[str, Any], unique_id: str) -> str:
    """The rules of a model, the relation that holds, or what is written above a test's own SQL."""
    test = manifest["nodes"][unique_id]
    generic = test.get("test_metadata") or {}
    if generic.get("name") == RULES:
        return "; ".join(rules_in_words(manifest["nodes"][test["attached_node"]])) + "."
    if generic.get("name") == FAULTS:
        return f"No row of {test['attached_node'].rpartition('.')[2]} has a fault."
    if generic.get("name") == "relationships":
        given = generic["kwargs"]
        model = test["attached_node"].rpartition(".")[2]
        other = given["to"].split("'")[1]
        return f"Every {given['column_name']} of {model} is a {given['field']} of {other}."
    return " ".join(words_above(test["raw_code"]))


def words_above(sql: str) -> Iterator[str]:
    """The comment with which an SQL file begins."""
    for line in sql.splitlines():
        if not line.startswith("--"):
            return
        yield line.removeprefix("--").strip()


def rules_in_words(model: Mapping[str, Any]) -> Iterator[str]:
    for column in model["columns"].values():
        rules = column["config"].get("meta", {}).get("rules") or []
        for group in [rules] if isinstance(rules, Mapping) else rules:
            said = [WORDS[rule].format(limit=shown(limit)) for rule, limit in group.items() if rule in WORDS]
            where = f" where {group['when']}" if "when" in group else ""
            yield f"{column['name']} {' and '.join(said)}{where}"
    meta = model["config"].get("meta", {})
    if key := meta.get("key"):
        where = f" where {meta['key_when']}" if "key_when" in meta else ""
        yield f"({', '.join(key)}) is unique{where}"


def shown(limit: object) -> str:
    return ", ".join(map(str, limit)) if isinstance(limit, list) else str(limit)
