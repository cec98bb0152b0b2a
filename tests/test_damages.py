"""What the gate catches (tests/damages): each damage by the check that is there for it, and sound events get through.

The quick part judges a few damages of a shop of forty customers; the rest, marked long, all of them on a shop of 20,000
orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.damages.chains import CHAINS
from tests.damages.damages import DAMAGES, SHARES, Damage, applicable, without_effect
from tests.damages.events import EVENTS
from tests.damages.exports import Export, Shop
from tests.damages.judging import Gate, distance
from tests.damages.runner import followed, happened
from tests.damages.shops import FORTY, MIDDLE, NAMES, generated, shop

# Damages that the gate holds back on the shop of forty customers: the share of the rows, and the check.
SLICE = {
    "customers_shuffled": (0.3, "known_orders.orders_of_other_customers"),
    "state_cancelled_renamed": (1.0, "known_orders.orders_that_changed_sides"),
    "status_column_lost": (1.0, "raw.columns_emptied"),
    "new_amounts_in_cents": (1.0, "new_orders.new_order_values"),
    "gross_in_newer_versions": (0.3, "known_orders.settled_orders_changed"),
    "late_orders_of_another_shop": (0.3, "known_orders.late_orders"),
    "all_amounts_in_cents": (1.0, "closed_months.unexplained_revenue_share"),
}


# The same of the shop of 20,000 orders.
HELD_BACK = {
    "customers_renumbered": (0.03, "known_orders.orders_of_other_customers"),
    "customers_shuffled": (0.03, "known_orders.orders_of_other_customers"),
    "customers_merged_into_one": (0.03, "known_orders.orders_of_other_customers"),
    "customers_slipped_by_one_row": (0.03, "known_orders.orders_of_other_customers"),
    "emails_of_guests_vanished": (0.03, "known_orders.orders_of_other_customers"),
    "customer_ids_lost": (0.03, "known_orders.orders_of_other_customers"),
    "customer_ids_cut": (0.03, "known_orders.orders_of_other_customers"),
    "customers_split_by_order": (0.03, "known_orders.orders_of_other_customers"),
    "orders_cancelled_without_a_date": (0.03, "known_orders.orders_that_changed_sides"),
    "states_all_delivered": (0.03, "closed_months.unexplained_revenue_share"),
    "orders_marked_as_tests": (0.03, "known_orders.orders_that_changed_sides"),
    "status_emptied": (0.03, "closed_months.unexplained_revenue_share"),
    "currency_emptied": (0.03, "known_orders.settled_orders_changed"),
    "new_amounts_in_cents": (0.03, "new_orders.new_order_spread"),
    "amounts_of_a_channel_in_cents": (0.03, "new_orders.new_order_spread"),
    "cancelled_in_newer_versions": (0.03, "known_orders.settled_orders_changed"),
    "dates_moved_in_newer_versions": (0.03, "known_orders.settled_orders_changed"),
    "late_orders_of_another_shop": (0.03, "known_orders.late_orders"),
    "near_copies": (0.03, "known_orders.late_orders"),
    "rates_ten_times": (0.03, "new_orders.exchange_rate_jumps"),
    "thousands_lost": (0.3, "new_orders.new_order_values"),
    "new_orders_twice": (0.3, "known_orders.copied_orders"),
    "new_orders_refunded": (0.3, "new_orders.new_orders_excluded"),
    "gross_in_newer_versions": (0.3, "known_orders.settled_orders_changed"),
    "customers_shuffled_in_newer_versions": (0.3, "known_orders.orders_of_other_customers"),
    "rates_stale": (0.3, "new_orders.exchange_rate_age"),
    "tiny_orders_of_a_bot": (0.3, "new_orders.new_order_values"),
    "test_column_lost": (1.0, "raw.columns_emptied"),
    "email_emptied": (1.0, "raw.columns_emptied"),
    "consent_emptied": (1.0, "raw.columns_emptied"),
    "channel_missing": (1.0, "new_orders.new_order_shares"),
    "new_orders_of_guests": (1.0, "new_orders.new_order_shares"),
    "state_renamed_in_all": (0.03, "raw.new_values_of_new_rows"),
    "refunds_of_all_in_newer_versions": (0.03, "known_orders.settled_orders_changed"),
    "another_currency_in_newer_versions": (0.03, "known_orders.settled_orders_changed"),
    "cents_in_newer_versions": (0.03, "known_orders.settled_orders_changed"),
    "rates_a_tenth": (0.03, "new_orders.exchange_rate_jumps"),
    "rates_turned_round": (0.03, "new_orders.exchange_rate_jumps"),
    "rates_of_two_minds": (0.03, "new_orders.exchange_rates_of_a_day"),
    "dates_shifted_by_a_day": (0.03, "known_orders.settled_orders_changed"),
    "dates_in_another_time_zone": (0.03, "known_orders.settled_orders_changed"),
    "day_and_month_swapped": (0.03, "known_orders.orders_that_moved_days"),
    "orders_dropped": (0.03, "known_orders.settled_orders_changed"),
    "orders_of_a_channel_dropped": (0.03, "known_orders.settled_orders_changed"),
    "file_truncated": (0.03, "raw.days_missing_at_the_end"),
    "orders_renumbered": (0.03, "known_orders.settled_orders_changed"),
    "amounts_swapped": (0.03, "known_orders.settled_orders_changed"),
    "known_amounts_in_cents": (0.03, "known_orders.settled_orders_changed"),
    "order_numbers_used_again": (0.03, "closed_months.changed_since_published"),
    "orders_moved_to_the_year_before": (0.03, "known_orders.orders_that_moved_days"),
    "amounts_rounded_up": (0.03, "known_orders.settled_orders_changed"),
    "emails_replaced_by_a_placeholder": (0.3, "known_orders.orders_of_other_customers"),
    "refunds_forgotten": (0.3, "known_orders.orders_that_changed_sides"),
    "channel_emptied": (0.3, "raw.columns_less_filled"),
    "discount_emptied": (0.3, "raw.columns_less_filled"),
    "country_emptied": (0.3, "raw.columns_less_filled"),
    "new_orders_cancelled": (0.3, "new_orders.new_orders_excluded"),
    "refunds_zeroed_in_newer_versions": (0.3, "known_orders.settled_orders_changed"),
    "a_channel_marked_as_tests": (0.3, "new_orders.new_orders_excluded"),
}


# Damages that come little by little, and the check that stops them, at the latest with the last refresh.
STOPPED_CHAINS = {
    "creeping_amounts": "known_orders.settled_orders_changed",
    "creeping_customers": "closed_months.changed_since_published",
    "creeping_loss": "closed_months.unexplained_revenue_share",
    "creeping_cancellations": "closed_months.changed_since_published",
    "comes_and_is_repaired": "new_orders.new_order_values",
    "columns_lost_step_by_step": "raw.columns_emptied",
    "slowly_to_cents": "new_orders.new_order_spread",
    "slowly_to_gross": "new_orders.values_of_four_weeks",
    "refunds_forgotten_step_by_step": "known_orders.settled_orders_changed",
}


def before_and_now(of: Shop) -> tuple[Export, Export]:
    return of.export(of.last_day - timedelta(days=of.days_between)), of.export(of.last_day)


def known_to(export: Export) -> set[str]:
    return {row["order_id"] for row in export.orders}


def done_to(of: Shop, damage: Damage, share: float) -> Export:
    before, now = before_and_now(of)
    return damage.done_to(now, known_to(before), of.last_day, share)


def test_shops_are_the_same_each_time() -> None:
    for plan, orders, people in ((MIDDLE, 19_972, 8_280), (FORTY, 655, 40)):
        made = generated(plan)
        assert made == generated(plan)
        export = made.export(made.last_day)
        assert len(known_to(export)) == orders
        assert len({row["customer_email"] for row in export.orders}) == people


@pytest.mark.parametrize("name", NAMES)
def test_an_export_holds_what_was_known_by_its_day(name: str) -> None:
    of = shop(name)
    before, now = before_and_now(of)
    assert known_to(before) < known_to(now)
    assert all(row in now.orders for row in before.orders[:200])
    days = [row["ordered_at"][:10] for row in before.orders if row["ordered_at"][:2] == "20"]
    assert max(days) <= str(of.last_day - timedelta(days=of.days_between))


def test_there_are_damages_of_every_kind_and_each_says_what_went_wrong() -> None:
    assert {damage.kind for damage in DAMAGES.values()} == {0, 1, 2, 3, 4, 5, 6, 8}
    assert len(DAMAGES) >= 40
    assert len({damage.says for damage in DAMAGES.values()}) == len(DAMAGES)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_changes_the_export_in_the_same_way_each_time(name: str) -> None:
    damage, of = DAMAGES[name], shop("forty")
    _, now = before_and_now(of)
    if (
        not applicable(damage, now) or name == "a_new_day_missing"
    ):  # a shop of one currency, without orders on some days
        of = shop("middle")
        _, now = before_and_now(of)
    share = damage.shares[-1]
    assert done_to(of, damage, share) == done_to(of, damage, share)
    assert not without_effect(now, done_to(of, damage, share))


@pytest.mark.parametrize("share", SHARES)
def test_a_damage_hits_the_share_of_the_rows_that_it_says(share: float) -> None:
    of = shop("middle")
    before, now = before_and_now(of)
    damaged = done_to(of, DAMAGES["orders_dropped"], share)
    known = known_to(before)
    assert len(known) - len(known_to(damaged) & known) == round(share * len(known))
    assert known_to(damaged) - known == known_to(now) - known


def test_the_distance_from_the_truth_is_that_of_the_month_furthest_off() -> None:
    truth = [("month 2025-01", True, 0.5, 100.0, 10), ("month 2025-02", True, 0.6, 200.0, 20)]
    wrong = [("month 2025-01", True, 0.5, 110.0, 11), ("month 2025-02", True, 0.4, 190.0, 20)]
    off = distance(wrong, truth)
    assert (round(off.retention, 6), round(off.revenue_of_a_month, 6)) == (0.2, 0.1)
    assert (round(off.revenue, 6), round(off.orders, 6)) == (0.0, round(1 / 30, 6))


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    started = Gate(tmp_path_factory.mktemp("gate"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def forty(gate: Gate) -> Shop:
    """The small shop, whose baseline is kept under its name."""
    of = shop("forty")
    gate.begin(of.name, before_and_now(of)[0])
    gate.keep(of.name)
    return of


def test_a_sound_refresh_passes(gate: Gate, forty: Shop) -> None:
    gate.restore(forty.name)
    answer = gate.refresh(forty.name, before_and_now(forty)[1])
    assert answer.verdict in ("passed", "warned"), answer


@pytest.mark.parametrize("name", SLICE)
def test_a_damage_of_the_small_shop_is_held_back(gate: Gate, forty: Shop, name: str) -> None:
    share, check = SLICE[name]
    gate.restore(forty.name)
    answer = gate.refresh(forty.name, done_to(forty, DAMAGES[name], share))
    assert check in answer.blocked_by, answer


@pytest.fixture(scope="module")
def middle(gate: Gate) -> Shop:
    """The shop of 20,000 orders, whose baseline is kept under its name."""
    of = shop("middle")
    gate.begin(of.name, before_and_now(of)[0])
    gate.keep(of.name)
    return of


@pytest.mark.long
@pytest.mark.parametrize("name", HELD_BACK)
def test_a_damage_of_the_middle_shop_is_held_back(gate: Gate, middle: Shop, name: str) -> None:
    share, check = HELD_BACK[name]
    gate.restore(middle.name)
    answer = gate.refresh(middle.name, done_to(middle, DAMAGES[name], share))
    assert check in answer.blocked_by, answer


@pytest.mark.long
@pytest.mark.parametrize("name", STOPPED_CHAINS)
def test_a_chain_of_small_damages_is_stopped(gate: Gate, name: str) -> None:
    found = followed(gate, shop("middle"), CHAINS[name])
    assert found.verdict.startswith("blocked"), found
    assert STOPPED_CHAINS[name] in found.blocked_by, found


def test_every_chain_is_stopped_or_harmless() -> None:
    assert CHAINS.keys() - STOPPED_CHAINS.keys() == {"one_bad_row_mended"}


@pytest.mark.long
@pytest.mark.parametrize("name", EVENTS)
def test_an_event_passes_or_one_refresh_of_it_is_accepted(gate: Gate, name: str) -> None:
    """The raw checks and those behind the models may each ask once; what follows passes by itself."""
    found = happened(gate, shop("middle"), EVENTS[name])
    accepted = [step for step in found.steps if step.startswith("accepted")]
    assert found.verdict != "refused", found
    assert accepted in ([], ["accepted 1x"], ["accepted 2x"]), found
