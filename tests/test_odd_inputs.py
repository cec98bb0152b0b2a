"""Odd inputs lose nothing: every line is counted or accounted for, every amount is read or kept aside with its text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from intake.check import judged
from intake.errors import IntakeError
from intake.find import discover, mapping_of, not_read
from intake.load import workspace
from intake.prepare import prepare
from intake.reporting.sources import Unused, entity_report
from stammkunde import settings as setting
from stammkunde.database import read_only
from tests.conftest import Build, run_dbt
from tests.odd_inputs import ODD, Odd
from tests.test_malformed import case_of, link_entities

MODELS = ("+row_accounting", "+int_customers")
READ = [odd for odd in ODD if not odd.error]
STOPPED = [odd for odd in ODD if odd.error]
LOOKED_AT = [odd for odd in READ if odd.said]
QUICK = 3  # of those that `check` looks at: each needs a warehouse of its own
OUTCOMES = """
    select 'orders', source_file, 'counted', 'none', 1 from intermediate.int_current_orders
    where exclusion_reason is null
    union all select 'orders', source_file, 'excluded', exclusion_reason, 1 from staging.excluded_orders
    union all select 'orders', source_file, 'quarantined', rejection_reason, 1 from staging.quarantined_orders
    union all select 'orders', source_file, 'superseded', superseded_reason, 1 from staging.superseded_orders
    union all select entity, source_file, outcome, reason, cast(rows_typed as bigint) from raw.intake_outcomes
"""
OUTCOMES_OF_OTHERS = """
    union all
    select '{0}', source_file,
        case
            when rejection_reason is not null then 'quarantined' when is_superseded then 'superseded' else 'counted'
        end,
        coalesce(rejection_reason, 'none'), 1
    from {1}
"""
OTHERS = {
    "refunds": "intermediate.int_refunds",
    "customers": "staging.stg_customers",
    "order_lines": "staging.stg_order_lines",
    "exchange_rates": "staging.stg_exchange_rates",
}
COUNTED = """
    select numbered.source_file, orders.order_id, orders.net_amount, orders.customer_id
    from intermediate.int_order_sequence as orders
    inner join intermediate.int_current_orders as numbered on orders.order_id = numbered.order_id
"""


@dataclass
class Found:
    """What became of one input."""

    net: dict[str, Decimal] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def found_in(build: Build) -> dict[str, Found]:
    found: dict[str, Found] = defaultdict(Found)
    others = "".join(OUTCOMES_OF_OTHERS.format(entity, model) for entity, model in OTHERS.items())
    for entity, file, outcome, reason, rows in build.rows(OUTCOMES + others):
        found[case_of(file)].outcomes[entity][outcome if reason == "none" else f"{outcome} {reason}"] += rows
    for file, number, net, customer in build.rows(COUNTED):
        found[case_of(file)].net[number] = net
        if customer is not None:
            found[case_of(file)].customers.add(customer)
    return found


def built(inputs: Sequence[Odd], directory: Path) -> Build:
    """Each input prepared by itself; then all of them in one warehouse. Their settings are the same."""
    for odd in inputs:
        raw = odd.write(directory / odd.name / "raw")
        link_entities(prepare(raw, directory / odd.name / "prepared"), directory / "together", odd.name)
    mapping = mapping_of(directory / inputs[0].name / "raw")
    settings = dict(mapping.settings) if mapping else None
    build = run_dbt(["run", "--select", *MODELS], directory / "build", raw=directory / "together", settings=settings)
    assert build.exit_code == 0, build.output
    return build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd")


@pytest.fixture(scope="module")
def builds(folder: Path) -> Sequence[Build]:
    """One build for all inputs with the same settings."""
    together: dict[str, list[Odd]] = defaultdict(list)
    for odd in READ:
        together[str(odd.files.get("mapping.yml", "")).partition("settings:")[2]].append(odd)
    return [built(inputs, folder / f"{number}") for number, inputs in enumerate(together.values())]


@pytest.fixture(scope="module")
def found(builds: Sequence[Build]) -> Mapping[str, Found]:
    return {name: of_one for build in builds for name, of_one in found_in(build).items()}


def named(inputs: Sequence[Odd], marks: Callable[[int], Sequence[pytest.MarkDecorator]] = lambda _: ()):  # type: ignore[no-untyped-def]
    params = [pytest.param(odd, id=odd.name, marks=marks(number)) for number, odd in enumerate(inputs)]
    return pytest.mark.parametrize("odd", params)


@named(READ)
def test_every_amount_is_read_or_kept_aside(odd: Odd, found: Mapping[str, Found]) -> None:
    assert found[odd.name].net == {number: Decimal(net) for number, net in odd.orders().items()}
    assert odd.customers is None or len(found[odd.name].customers) == odd.customers


@named(READ)
def test_every_line_is_accounted_for(odd: Odd, found: Mapping[str, Found], tmp_path: Path) -> None:
    outcomes = found[odd.name].outcomes
    counted = {"counted": len(odd.net)} if odd.net else {}
    assert outcomes["orders"] == {**counted, **odd.others}
    assert {
        f"{entity} {shown}": rows
        for entity, of_it in outcomes.items()
        if entity != "orders"
        for shown, rows in of_it.items()
    } == dict(odd.further)
    for item in discover(odd.write(tmp_path / odd.name / "raw")):
        assert sum(outcomes[item.entity.name].values()) == sum(lines_of(path, odd) for path in item.files)


def lines_of(path: Path, odd: Odd) -> int:
    """The lines of a file that are neither blank nor its header, counted without any of what is tested here."""
    if path.name in odd.rows:
        return odd.rows[path.name]
    text = path.read_text(encoding="utf-8")
    return sum(bool(line.strip("\ufeff ")) for line in text.split("\n")) - 1


@named(LOOKED_AT, lambda number: () if number < QUICK else (pytest.mark.long,))
def test_check_says_what_is_odd(odd: Odd, tmp_path: Path) -> None:
    build = built([odd], tmp_path)
    raw = tmp_path / odd.name / "raw"
    mapping = mapping_of(raw)
    unused = Unused()
    with workspace() as (connection, work):
        for item in discover(raw):
            list(entity_report(connection, item, raw, work, unused))
        unused.files = not_read(raw, discover(raw))
    in_force = setting.in_force(dict(mapping.settings) if mapping else {})
    with read_only(build.warehouse) as connection:
        printed = "\n".join([*unused.lines(), *judged(connection, in_force, unused, ())])
    for text in odd.said:
        assert text in printed, printed


@named(STOPPED)
def test_what_cannot_be_read_stops_in_one_line_that_says_what_to_do(odd: Odd, tmp_path: Path) -> None:
    raw = odd.write(tmp_path / odd.name / "raw")
    with pytest.raises(IntakeError) as raised:
        prepare(raw, tmp_path / "prepared")
    for text in odd.error:
        assert text in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_order_stands_in_two_inputs(builds: Sequence[Build]) -> None:
    """Otherwise the rows of one would be versions of the other's."""
    for build in builds:
        inputs: dict[str, set[str]] = defaultdict(set)
        for number, file in build.rows("select order_id, source_file from staging.stg_orders where order_id <> ''"):
            inputs[number].add(case_of(file))
        assert not {number: names for number, names in inputs.items() if len(names) > 1}


def test_every_input_has_its_own_name() -> None:
    assert len({odd.name for odd in ODD}) == len(ODD)
