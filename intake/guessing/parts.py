"""The parts of a proposed mapping: the rule of an entity, with the reason of each of its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from ..converting.source import letters
from ..entities import entities
from ..mapping import EntityRule, load_preset
from ..refund_words import is_refund
from .names import named
from .sample import Sample
from .shape import fold_of, less_of, parent_of, refund_rows
from .values import Guess, guess, is_below_zero


@dataclass
class Part:
    """One entity: its rule as a mapping writes it, why, and what is to be said beside it."""

    entity: str
    rule: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)  # by key of the rule, or by canonical column
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # what a person must still say

    def guesses(self) -> dict[str, Guess]:
        """The rules of its columns, by canonical name."""
        return {name: Guess(rule, self.reasons.get(name, "")) for name, rule in self.rule.get("columns", {}).items()}


def files_key(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def of_entity(entity: str, names: Sequence[str], sample: Sample) -> Part:
    """An entity with all its columns that are found."""
    free = list(sample.header)
    part = Part(entity, {"files": files_key(names), "columns": {}})
    if sample.guesses.form:
        part.rule["format"] = dict(sample.guesses.form)
        part.reasons["format"] = "; ".join(sample.guesses.reasons)
    for target, column in entities()[entity].columns.items():
        source = named(target, entity, free)
        if source is None:
            continue
        guessed = guess(source, sample, entity, target, column.kind)
        part.rule["columns"][target], part.reasons[target] = dict(guessed.rule), guessed.reason
        for key in ("column", "time", "time_zone"):
            if (used := guessed.rule.get(key)) in free:
                free.remove(str(used))
    if entity == "orders":
        add_shape(part, sample, free)
    for target, column in entities()[entity].columns.items():
        is_there = target in part.rule["columns"] or (
            target == "customer_id" and "customer_email" in part.rule["columns"]
        )
        if column.required and not is_there:
            part.missing.append(f"{entity}.{target}: which of {', '.join(free)} is it?")
    if free:
        part.notes.append(f"not used: {', '.join(free)}")
    refunds = [column for column in free if is_refund(column)]
    if entity == "orders" and refunds and "refunded_amount" not in part.rule["columns"]:
        part.notes.append(f"looks like refunds: {', '.join(refunds)}. If it is, map it as refunded_amount")
    return part


def add_shape(part: Part, sample: Sample, free: list[str]) -> None:
    """What rows of orders are: lines of orders, or refunds among them; and what an amount holds besides the goods."""
    columns = {target: str(rule["column"]) for target, rule in part.rule["columns"].items()}
    if found := refund_rows(sample):
        column, words = found
        part.rule["leave_out"] = {"refunds": {"column": column, "is": words}}
        part.reasons["leave_out"] = "they are refunds, see below"
        free[:] = [other for other in free if other not in (column, parent_of(sample.header))]
    elif fold := fold_of(sample, columns):
        part.rule["fold"], part.reasons["fold"] = fold
    elif "amount" in columns and (
        below := [value for value in sample.values[columns["amount"]] if is_below_zero(value)]
    ):
        part.notes.append(
            f"amounts below zero, such as {below[0]}: refunds? docs/mapping.md, Refunds, says how to read them"
        )
    if "amount" in columns and (less := less_of(columns["amount"], free)):
        part.rule["columns"]["amount"]["less"] = less
        part.reasons["amount"] += f"; if {columns['amount']} holds them, tax and shipping are taken off"
        free[:] = [other for other in free if other not in less]


def refunds_among(orders: Part, sample: Sample) -> Part | None:
    """The refunds among the rows of a file of orders, as an entity of its own; None where there are none."""
    found = refund_rows(sample)
    columns = orders.rule["columns"]
    if found is None or "order_id" not in columns or "amount" not in columns:
        return None
    column, words = found
    parent = parent_of(sample.header)
    amount = dict(columns["amount"])
    cells = zip(sample.values[str(amount["column"])], sample.values[column], strict=True)
    below_zero = [value for value, kind in cells if kind in words and is_below_zero(value)]
    rules = {"refund_id": columns["order_id"]} if parent else {}
    rules["order_id"] = {"column": parent} if parent else columns["order_id"]
    if "ordered_at" in columns:
        rules["refunded_at"] = columns["ordered_at"]
    rules["amount"] = {**amount, "negate": True} if below_zero else amount
    rule = {**orders.rule, "leave_out": {"no_refunds": {"column": column, "is_not": words}}, "columns": rules}
    reasons = {
        "leave_out": f"{column} says which rows are refunds",
        "order_id": "the order that was refunded",
        "amount": f"written below zero, such as {below_zero[0]}" if below_zero else "as in the orders",
    }
    return Part("refunds", rule, reasons)


def of_preset(preset: str, names: Sequence[str], sample: Sample) -> list[Part]:
    """What of a preset must be said otherwise: the names of files, and how they are written."""
    parts = []
    for entity, rule in load_preset(preset).rules.items():
        own: dict[str, Any] = {}
        if not all(any(fnmatch(name, pattern) for pattern in rule.files) for name in names):
            own["files"] = files_key(names)
        if form := other_form(sample.guesses.form, rule):
            own["format"] = form
        if own:
            parts.append(Part(entity, own, {"format": "; ".join(sample.guesses.reasons)} if form else {}))
    return parts


def other_form(form: Mapping[str, object], rule: EntityRule) -> dict[str, object]:
    """The keys of a format that a preset does not have so already."""
    known = rule.format.model_dump()

    def is_known(key: str, value: object) -> bool:
        given = "\t" if value == "tab" else value
        return set(given) <= set(known[key]) if isinstance(given, list) else given == known[key]

    return {key: value for key, value in form.items() if not is_known(key, value)}


def rules_of_preset(preset: str, sample: Sample) -> dict[str, Guess]:
    """The columns of a preset's orders that the file has, for what settings can be taken from."""
    there = {letters(column): column for column in sample.header}
    rules = {}
    for name, rule in load_preset(preset).rules["orders"].columns.items():
        if rule.column and letters(rule.column) in there:
            zone = there.get(letters(rule.time_zone or ""))
            rules[name] = Guess({"column": there[letters(rule.column)], **({"time_zone": zone} if zone else {})}, "")
    return rules
