"""The words of messages, field by field: what a template says in single braces is filled in for each customer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from .cohorts import Row
from .health import known_on
from .intake import Intake
from .playbook import in_words, playbook_metrics
from .seeds import Seeds
from .settings import Settings

NUMBERS = {"orders": "orders", "days_since_last_order": "recency_days", "average_order_value": "average_order_value"}
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
# A tag of the sending tool in two braces goes first, so that what it holds is not taken for a field.
PARTS = re.compile(r"(\{\{|\}\})|\{([a-z_0-9]+)(?:\|([^{}]*))?\}")


def action_messages(
    intake: Intake, actions: Sequence[Row], customers: Sequence[Row], as_of: date, settings: Settings, seeds: Seeds
) -> list[Row]:
    """`actions`, `customers`: rows of the marts retention_actions and customers."""
    known = known_on(as_of, intake, settings, seeds)
    persons = {customer.customer_id: customer for customer in intake.customers}
    described = {row["customer_id"]: row for row in customers}
    found: list[Row] = []
    for action in actions:
        if not action["is_selected"] or action["arm"] != "treatment":
            continue
        who = str(action["customer_id"])
        row = {
            **described[who],
            "loyalty_tier": intake.tiers.get(who),
            "net_revenue_365d": playbook_metrics(persons[who], intake.customers, known)["net_revenue_365d"],
        }
        found += [
            {
                **{name: action[name] for name in ("customer_id", "rule_id", "template_id", "variant")},
                "language": template["language"],
                **{part: filled(template[part], row, template["language"]) for part in ("subject", "body")},
            }
            for template in seeds["playbook_templates"]
            if (template["template_id"], template["variant"]) == (action["template_id"], action["variant"])
        ]
    return found


def filled(text: str, row: Mapping[str, object], language: str) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        return field(row, found[2], found[3] or "", language)

    return PARTS.sub(value, text)


def field(row: Mapping[str, object], name: str, otherwise: str, language: str) -> str:
    value = row[NUMBERS.get(name, name)]
    if isinstance(value, date):
        if language == "de":
            return f"{value:%d.%m.%Y}"
        return f"{value.day} {MONTHS[value.month - 1]} {value:%Y}"
    if isinstance(value, str):
        return value.replace("{", "").replace("}", "")
    return otherwise if value is None else in_words(float(str(value)), language)
