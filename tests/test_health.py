"""Health as of any day: it sees nothing of what came after, and shows who is about to leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SAMPLE, Build, build_models, run_dbt
from tests.reference.files import Entities, RawRow, read_raw
from tests.reference.health import COMPONENTS, components, engagement_score, health_score, known_on
from tests.reference.intake import take_in
from tests.reference.seeds import read_seeds
from tests.reference.settings import Settings, read_settings

PAST = (date(2025, 3, 31), date(2025, 9, 10))
DATED = {"orders": "ordered_at", "activities": "occurred_at", "subscriptions": "started_at"}


def health_as_of(build: Build, days: Sequence[date], directory: Path) -> str:
    """SQL of the scores of the customers of those days, as the project's own macros write it."""
    listed = " union all ".join(f"select cast('{day}' as date) as as_of_date" for day in days)
    subjects = (
        "'(select customers.customer_id, days.as_of_date from ' ~ ref('int_customers') ~ ' as customers inner join ("
        + listed.replace("'", "\\'")
        + ") as days on customers.first_order_date <= days.as_of_date)'"
    )
    template = "{{ health_scores('(' ~ health_components(" + subjects + ") ~ ')') }}"
    compiled = run_dbt(["--quiet", "compile", "--inline", template], directory)
    assert compiled.exit_code == 0, compiled.output
    # The project that tests run dbt in knows the warehouse by its file's name, as this connection does.
    return compiled.output[compiled.output.index("with scored as") :]


@cache
def settings() -> Settings:
    return read_settings({"run_at": "2026-11-22T00:00:00Z"})


def cut_off(raw: Entities, day: date) -> Entities:
    """The raw rows as if nothing had come after a day."""

    def is_known(entity: str, row: RawRow) -> bool:
        instant = settings().read_timestamp(row.get(DATED[entity]))
        return instant is None or settings().local_date(instant) <= day

    return {
        entity: [row for row in rows if is_known(entity, row)] if entity in DATED else rows
        for entity, rows in raw.items()
    }


@pytest.mark.parametrize("day", PAST)
def test_no_component_sees_the_future(day: date, sample: Build, tmp_path: Path) -> None:
    """The macros on the whole sample, as of a past day, give what the calculation gives on raw data that ends there."""
    raw = read_raw(SAMPLE)
    cut = cut_off(raw, day)
    assert all(len(cut[entity]) < len(raw[entity]) for entity in DATED)
    intake = take_in(cut, settings())
    known = known_on(day, intake, settings(), read_seeds())
    want = {}
    for customer in intake.customers:
        found = components(customer, known)
        want[customer.customer_id] = (
            engagement_score(customer, known),
            *(found[component] for component in COMPONENTS),
            health_score(found, known),
        )
    assert all(any(row[place] is not None for row in want.values()) for place in range(len(COMPONENTS) + 2))
    query = f"select customer_id, engagement_score, {', '.join(f'health_{name}' for name in COMPONENTS)}, health_score"
    got = {row[0]: row[1:] for row in sample.rows(f"{query} from ({health_as_of(sample, [day], tmp_path)})")}
    assert {customer: (got.get(customer), row) for customer, row in want.items() if got.get(customer) != row} == {}
    assert got.keys() == want.keys()


def test_who_leaves_shows_it_first(sample: Build, tmp_path: Path) -> None:
    """Planted: fewer visits, unopened e-mails, complaints. Of customers active then and not overdue yet, whose orders
    tell nothing, those who do less, read less or had trouble went without an order for 90 days more often."""
    rows = sample.rows(
        f"""
        select scores.*, not exists (
            select 1 from marts.orders as later
            where later.customer_id = scores.customer_id
                and later.order_date > scores.as_of_date and later.order_date <= scores.as_of_date + 90
        ) as is_gone
        from ({health_as_of(sample, PAST, tmp_path)}) as scores
        where exists (
            select 1 from marts.orders as earlier
            where earlier.customer_id = scores.customer_id
                and earlier.order_date <= scores.as_of_date and earlier.order_date > scores.as_of_date - 365
        )
        """
    )
    names = ("engagement_score", *(f"health_{name}" for name in COMPONENTS), "health_score", "health_band", "is_gone")
    customers = [dict(zip(names, row[2:], strict=True)) for row in rows]

    def share_gone(column: str, *values: object) -> float:
        of = [one["is_gone"] for one in customers if one[column] in values and is_on_time(one)]
        assert len(of) >= 15
        return sum(of) / len(of)

    def is_on_time(one: dict[str, object]) -> bool:
        return one["health_purchase"] in (4, 5)

    assert share_gone("health_engagement", 1) > share_gone("health_engagement", 3, 4, 5) + 0.3
    assert share_gone("health_email", 1) > share_gone("health_email", 4, 5) + 0.1
    assert share_gone("health_support", 1, 2, 3) > share_gone("health_support", 4, 5) + 0.1
    assert share_gone("health_band", "watch", "critical") > share_gone("health_band", "healthy") + 0.1


def test_a_shop_with_orders_alone_has_nothing_but_health_purchase(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"copy (select * from '{SAMPLE}/orders.csv' limit 500) to '{raw}/orders.csv' (header)")
    build = build_models(tmp_path / "build", raw)
    others = [f"health_{name}" for name in COMPONENTS if name != "purchase"]
    ((customers, purchase, score, rest, same, advocates),) = build.rows(
        f"""
        select
            count(*), count(health_purchase), count(health_score),
            count(coalesce(engagement_score, {", ".join(others)})),
            count(case when health_score = health_purchase then 1 end), count(case when is_advocate then 1 end)
        from marts.customers
        """
    )
    assert customers == purchase == score == same > 0
    assert (rest, advocates) == (0, 0)
