"""The examples of docs/identity.md: whose order it is, by number and by e-mail."""

from __future__ import annotations

import csv
import hashlib
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT, build_models

DOCUMENT = PROJECT / "docs" / "identity.md"
EXAMPLE = re.compile(r"^\| (\d{4}) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def examples() -> list[tuple[str, ...]]:
    """Of each example: order, number, e-mail, customer by number, customer by e-mail."""
    found = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [tuple(value.strip() for value in row) for row in found]


def customer(words: str) -> str | None:
    """The customer_id that the document means."""
    if words == "nobody":
        return None
    if words.startswith("guest of "):
        return "guest:" + hashlib.md5(words.removeprefix("guest of ").encode()).hexdigest()
    return words


@pytest.mark.parametrize(("identity_by", "column"), [("customer_id", 3), ("email", 4)])
def test_the_examples_of_the_document_belong_to_whom_it_says(tmp_path: Path, identity_by: str, column: int) -> None:
    assert len(examples()) > 15
    raw = tmp_path / "raw"
    raw.mkdir()
    with (raw / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_id", "customer_email", "ordered_at", "amount"])
        writer.writerows([*example[:3], "2025-01-01", "10.00"] for example in examples())
    build = build_models(tmp_path, raw, {"identity_by": identity_by})
    found = dict(build.rows("select order_id, customer_id from marts.orders"))
    assert found == {example[0]: customer(example[column]) for example in examples()}
