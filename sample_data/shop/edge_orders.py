"""Planted orders: rows that a shop's export really contains and that a reader easily gets wrong.

Every raw row says itself what becomes of it, so that tests and the README can be written from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5

ORDER_COLUMNS = (
    "order_id", "customer_id", "ordered_at", "amount", "currency", "refunded_amount", "discount_amount", "status",
    "sales_channel", "customer_email", "is_test", "updated_at", "gift_note",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Where a raw order row ends, and for a counted one as what."""

    outcome: str
    reason: str = "none"
    net_amount: str = ""
    order_date: str | None = None  # None: the first ten characters of ordered_at
    customer_id: str | None = None  # None: the one on the row


@dataclass(frozen=True)
class OrderRow:
    """One raw row of orders, and where it ends."""

    values: dict[str, str]
    becomes: Outcome


@dataclass(frozen=True)
class Case:
    """One edge case: what it is, why it ends as it does, and its raw rows."""

    name: str
    what: str
    why: str
    rows: tuple[OrderRow, ...]


def order_sections() -> dict[str, list[Case]]:
    """Return all planted orders, by what they try."""
    return {
        "Times that are read": _times(),
        "Times that are not": _bad_times(),
        "Amounts and refunds": _amounts(),
        "Amounts and refunds that are not accepted": _bad_amounts(),
        "Currencies and rates": _currencies(),
        "Rows that break several rules, or lack an id": _precedence(),
        "Orders that do not count": _exclusions(),
        "Versions of one order": _versions(),
        "Whose order it is": _identity(),
        "Days, weeks and thresholds": _calendar(),
        "Text": _text(),
    }


def guest(email: str) -> str:
    """Return the id of a guest under the default settings, which have no salt."""
    return "guest:" + md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def _row(order_id: str, customer_id: str, ordered_at: str, amount: str, becomes: Outcome, **more: str) -> OrderRow:
    values = dict.fromkeys(ORDER_COLUMNS, "")
    values |= {"status": "completed", "sales_channel": "web", "discount_amount": "0.00", "currency": "EUR"}
    values |= {"order_id": order_id, "customer_id": customer_id, "ordered_at": ordered_at, "amount": amount, **more}
    return OrderRow(values, becomes)


def _one(
    order_id: str, customer_id: str, at: str, amount: str, becomes: Outcome, what: str, why: str = "", **more: str
) -> Case:
    return Case(order_id, what, why, (_row(order_id, customer_id, at, amount, becomes, **more),))


def ok(net: str, day: str | None = None, customer: str | None = None) -> Outcome:
    """Return the outcome of an order that counts, with its net amount and what differs from the row."""
    return Outcome("counted", "none", net, day, customer)


def out(reason: str) -> Outcome:
    """Return the outcome of a valid order that does not count."""
    return Outcome("excluded", reason)


def bad(reason: str) -> Outcome:
    """Return the outcome of a row that cannot be used."""
    return Outcome("quarantined", reason)


SUPERSEDED = Outcome("superseded")

# The tables below read better with one case a line.
# fmt: off


def _times() -> list[Case]:
    spellings = [
        ("date-only", "2024-03-01", None, "A date alone", "A date alone is a day of the reporting time zone."),
        ("no-seconds", "2024-03-02T10:15", None, "A time without seconds", ""),
        ("space", "2024-03-03 10:15:30", None, "A space instead of T, no offset", "It is in `source_timezone`."),
        ("fraction", "2024-03-04T10:15:30.123456789Z", None, "Nine places of a second",
            "Cut to microseconds, not rounded."),
        ("fraction-short", "2024-03-05 10:15:30.5", None, "One place of a second", ""),
        ("offset", "2024-03-07T00:30:00+02:00", "2024-03-06", "Half past midnight, two hours east",
            "22:30 UTC on the day before."),
        ("offset-plain", "2024-03-08T00:30:00+0200", "2024-03-07", "The same without a colon", ""),
        ("offset-west", "2024-03-08T23:30:00-01:00", "2024-03-09", "Late evening, one hour west",
            "00:30 UTC on the next day."),
        ("offset-half-hour", "2024-03-11T01:00:00+05:30", "2024-03-10", "An offset with half an hour", ""),
        ("offset-no-seconds", "2024-03-12T10:15+01:00", None, "No seconds, but an offset", ""),
        ("late-evening", "2024-03-13T23:30:00Z", None, "23:30 UTC",
            "Belongs to the next day when the zone is Europe/Berlin."),
        ("padded", "\t2024-03-15T08:00:00Z  ", "2024-03-15", "A tab before, spaces behind", "All text is trimmed."),
        ("year-end", "2024-12-31T23:30:00-01:00", "2025-01-01", "New Year's Eve, one hour west",
            "Another year in UTC."),
    ]
    return [
        _one(f"edge-at-{name}", "edge-c-times", at, "20.00", ok("20.00", day), f"{what}: `{at.strip()}`", why)
        for name, at, day, what, why in spellings
    ]


def _bad_times() -> list[Case]:
    spellings = [
        ("month-13", "2024-13-45", "No such month or day"),
        ("german", "05.01.2024", "Day first, with dots"),
        ("american", "03/01/2024", "Slashes"),
        ("empty", "", "Empty"),
        ("blank", "   ", "Blank"),
        ("february-30", "2024-02-30", "No such day"),
        ("no-leap-year", "2023-02-29", "No such day in that year"),
        ("hour-24", "2024-03-01T24:00:00Z", "Hours end at 23"),
        ("minute-60", "2024-03-01T10:60:00Z", "Minutes end at 59"),
        ("second-60", "2024-03-01T10:15:60Z", "Seconds end at 59"),
        ("hour-alone", "2024-03-01T10", "A time needs minutes"),
        ("offset-without-time", "2024-03-01Z", "An offset needs a time"),
        ("offset-hours", "2024-03-01T10:15:00+02", "An offset needs minutes"),
        ("zone-name", "2024-03-01 10:15:00 UTC", "The name of a zone"),
        ("short", "2024-3-1", "Missing zeros"),
        ("compact", "20240301", "No hyphens"),
        ("seconds-since", "1709280000", "Seconds since 1970"),
        ("word", "yesterday", "A word"),
    ]
    return [
        _one(f"edge-at-{name}", "edge-c-rejected", at, "20.00", bad("invalid_ordered_at"),
            f"{what}: `{at}`" if at.strip() else what)
        for name, at, what in spellings
    ]


def _amounts() -> list[Case]:
    amounts = [
        ("half-cent", "1.005", "", "1.01", "Half a cent", "Rounded half away from zero; a double would give 1.00."),
        ("five-places", "2.00499999", "", "2.01", "More than four places",
            "Read to 2.0050 first, then rounded to cents."),
        ("zero", "0", "", "0.00", "Nothing to pay", "An amount of zero counts."),
        ("minus-zero", "-0", "0", "0.00", "Minus zero", "Not negative."),
        ("zero-refunded", "0.00", "0.00", "0.00", "Zero, zero refunded", "Fully refunded needs an amount above zero."),
        ("below-cent", "0.004", "", "0.00", "Less than half a cent", ""),
        ("leading-zeros", "007.50", "", "7.50", "Leading zeros", ""),
        ("padded", " 12.50 ", "", "12.50", "Spaces around", "All text is trimmed."),
        ("one-place", "19.9", "", "19.90", "One decimal place", ""),
        ("no-places", "3", "", "3.00", "A whole number", ""),
        ("part-refunded", "10.00", "2.495", "7.51", "Part of it refunded", "7.505 rounds away from zero."),
        ("almost-refunded", "5.0001", "5", "0.00", "Refunded but for a hundredth of a cent",
            "Not equal, so it counts."),
    ]
    cases = [
        _one(f"edge-amount-{name}", "edge-c-amounts", f"2024-04-{day:02d}T12:00:00Z", amount, ok(net),
            f"{what}: `{amount.strip()}`" + (f", refunded `{refund}`" if refund else ""), why, refunded_amount=refund)
        for day, (name, amount, refund, net, what, why) in enumerate(amounts, start=1)
    ]
    cases.append(
        _one("edge-discount-text", "edge-c-amounts", "2024-04-20T12:00:00Z", "8.00", ok("8.00"),
            "Discount that is no number: `viel`", "An optional column that does not parse is null.",
            discount_amount="viel")
    )
    return cases


def _bad_amounts() -> list[Case]:
    amounts = [
        ("text", "abc", "invalid_amount", "A word"),
        ("empty", "", "invalid_amount", "Empty"),
        ("exponent", "1e3", "invalid_amount", "An exponent"),
        ("german", "1.234,50", "invalid_amount", "Point for thousands, comma for decimals"),
        ("english", "1,234.50", "invalid_amount", "Comma for thousands"),
        ("comma", "12,50", "invalid_amount", "Decimal comma"),
        ("currency", "12.50 EUR", "invalid_amount", "With its currency"),
        ("plus", "+5", "invalid_amount", "A plus sign"),
        ("no-whole", ".5", "invalid_amount", "Nothing before the point"),
        ("no-decimals", "5.", "invalid_amount", "Nothing behind the point"),
        ("nan", "NaN", "invalid_amount", "Not a number, as some tools write it"),
        ("space", "1 000.00", "invalid_amount", "Space for thousands"),
        ("negative", "-5", "negative_amount", "Below zero"),
        ("negative-cent", "-0.01", "negative_amount", "A cent below zero"),
    ]
    refunds = [
        ("text", "10.00", "abc", "A word"),
        ("comma", "10.00", "1,50", "Decimal comma"),
        ("negative", "10.00", "-1.00", "Below zero"),
        ("above", "10.00", "12.00", "Above the amount"),
        ("just-above", "10.00", "10.0001", "A hundredth of a cent above the amount"),
    ]
    cases = [
        _one(f"edge-amount-{name}", "edge-c-rejected", f"2024-05-{day:02d}T12:00:00Z", amount, bad(reason),
            f"{what}: `{amount}`" if amount else what)
        for day, (name, amount, reason, what) in enumerate(amounts, start=1)
    ]
    return cases + [
        _one(f"edge-refund-{name}", "edge-c-rejected", f"2024-05-{day:02d}T12:00:00Z", amount, bad("invalid_refund"),
            f"{what}: `{refund}` of `{amount}`", refunded_amount=refund)
        for day, (name, amount, refund, what) in enumerate(refunds, start=20)
    ]


def _currencies() -> list[Case]:
    unknown = bad("unknown_currency")
    cases = [
        ("unknown", "2024-06-01", "GBP", "30.00", unknown, "A currency without any rate", ""),
        ("sign", "2024-06-02", "€", "30.00", unknown, "A sign instead of a code",
            "It is taken as a currency, and has no rate."),
        ("before-first-rate", "2025-03-02", "DKK", "100.00", unknown, "The day before the first rate",
            "Rates are never taken from later days."),
        ("first-rate", "2025-03-03", "DKK", "100.00", ok("13.41"), "A day with two rates, 0.1340 and 0.1341",
            "The larger one is taken."),
        ("rate-text", "2025-03-04", "DKK", "100.00", ok("13.41"), "A day whose rate is `n/a`",
            "That rate is ignored; the one before holds."),
        ("rate-not-positive", "2025-03-06", "DKK", "100.00", ok("13.41"), "After rates of zero and below zero",
            "Ignored too."),
        ("lower-case", "2025-03-07", " dkk ", "100.00", ok("13.45"), "Lower case and spaces, in order and rate",
            "Trimmed and upper-cased."),
        ("weekend", "2025-03-09", "DKK", "100.00", ok("13.45"), "A Sunday", "Friday's rate holds."),
        ("rate-comma", "2025-03-11", "DKK", "100.00", ok("13.45"), "After a rate with a decimal comma",
            "Ignored; the one before holds."),
        ("rate-nine-places", "2025-03-12", "DKK", "10.00", ok("1.25"), "A rate of nine places: 0.124499996",
            "Read to eight, 0.12450000; so 1.245, rounded away from zero."),
        ("reporting", "2024-06-03", "eur", "9.99", ok("9.99"), "The reporting currency in lower case",
            "A rate for EUR stands in the rates, but the reporting currency always has rate 1."),
        ("empty", "2024-06-04", "", "9.98", ok("9.98"), "No currency", "It is the reporting currency."),
    ]
    return [
        _one(f"edge-currency-{name}", "edge-c-rejected" if becomes is unknown else "edge-c-currencies",
            f"{day}T12:00:00Z", amount, becomes, f"{what} (`{currency.strip()}`)" if currency else what, why,
            currency=currency)
        for name, day, currency, amount, becomes, what, why in cases
    ]


def _precedence() -> list[Case]:
    c = "edge-c-rejected"
    no_id = bad("missing_order_id")
    return [
        Case("(empty order id)", "An order without an id, customer `edge-c-no-order-id`", "",
            (_row("", "edge-c-no-order-id", "2024-06-10T12:00:00Z", "20.00", no_id),)),
        Case("(blank order id)", "An id of spaces, and a wrong time and amount",
            "The first reason of the list is reported.",
            (_row("   ", "edge-c-no-order-id", "2024-13-45", "abc", no_id),)),
        _one("edge-first-time", c, "05.01.2024", "abc", bad("invalid_ordered_at"), "Wrong time and wrong amount",
            "The time is judged first."),
        _one("edge-future", c, "2099-01-01T00:00:00Z", "20.00", bad("ordered_in_future"), "An order of the year 2099"),
        _one("edge-future-bad-amount", c, "2099-12-31", "-5", bad("ordered_in_future"),
            "The same, and a negative amount", "The future is judged before the amount."),
        _one("edge-first-amount", c, "2024-06-12", "abc", bad("invalid_amount"), "Wrong amount, unknown currency",
            "The amount is judged before the currency.", currency="GBP"),
        _one("edge-first-negative", c, "2024-06-13", "-5", bad("negative_amount"),
            "Negative amount, refund that is no number", "The amount is judged before the refund.",
            refunded_amount="abc"),
        _one("edge-first-refund", c, "2024-06-14", "5.00", bad("invalid_refund"),
            "Refund above amount, unknown currency", "The refund is judged before the currency.",
            refunded_amount="6.00", currency="GBP"),
        _one("edge-rejected-test", c, "2024-06-15", "abc", bad("invalid_amount"),
            "A cancelled test order without an amount", "Rejected before anything is excluded.", is_test="true",
            status="cancelled"),
    ]


def _exclusions() -> list[Case]:
    c = "edge-c-only-excluded"
    cases = [
        _one(f"edge-test-{n}", c, f"2024-07-{n:02d}T12:00:00Z", "15.00", out("test_order"),
            f"`is_test` spelled `{text.strip()}`", "True in any case of letters, trimmed." if n == 1 else "",
            is_test=text)
        for n, text in enumerate(("true", "T", "1", "Yes", " y ", "TRUE"), start=1)
    ]
    cases += [
        _one(f"edge-no-test-{n}", "edge-c-flags", f"2024-07-{n + 10:02d}T12:00:00Z", "15.00", ok("15.00"),
            f"`is_test` is `{text}`", "Everything but true, t, 1, yes, y is false." if n == 1 else "", is_test=text)
        for n, text in enumerate(("false", "0", "no", "maybe", "2", "on"), start=1)
    ]
    statuses = ("cancelled", " Cancelled ", "CANCELED", "voided", "failed", "Pending", "draft")
    cases += [
        _one(f"edge-status-{n}", c, f"2024-08-{n:02d}T12:00:00Z", "15.00", out("status"),
            f"Status `{text.strip()}`" + (" with spaces around" if text != text.strip() else ""), "", status=text)
        for n, text in enumerate(statuses, start=1)
    ]
    return [
        *cases,
        _one("edge-status-empty", "edge-c-flags", "2024-08-20T12:00:00Z", "15.00", ok("15.00"), "No status",
            "Null counts.", status=""),
        _one("edge-status-other", "edge-c-flags", "2024-08-21T12:00:00Z", "15.00", ok("15.00"),
            "Status `cancelled by mistake`", "Statuses are compared as a whole.", status="cancelled by mistake"),
        _one("edge-fully-refunded", c, "2024-08-22T12:00:00Z", "20.00", out("fully_refunded"), "Refunded in full",
            "20 equals 20.00.", refunded_amount="20"),
        _one("edge-fully-refunded-fine", c, "2024-08-23T12:00:00Z", "10", out("fully_refunded"),
            "Refunded `10.00004` of `10`", "Read to four places both are equal.", refunded_amount="10.00004"),
        _one("edge-test-and-status", c, "2024-08-24T12:00:00Z", "20.00", out("test_order"),
            "A cancelled test order, refunded in full", "The first reason of the list is reported.", is_test="true",
            status="cancelled", refunded_amount="20.00"),
        _one("edge-status-and-refund", c, "2024-08-25T12:00:00Z", "20.00", out("status"),
            "Cancelled and refunded in full", "The status is judged before the refund.", status="cancelled",
            refunded_amount="20.00"),
    ]


def _versions() -> list[Case]:
    c = "edge-c-versions"

    def versions(name: str, what: str, why: str, *rows: tuple[str, str, str, Outcome, dict[str, str]]) -> Case:
        """One case from (ordered_at, amount, updated_at, outcome, other values) per raw row."""
        order_id = f"edge-v-{name}"
        return Case(order_id, what, why, tuple(_row(order_id, c, at, amount, becomes, updated_at=upd, **more) for at,
            amount, upd, becomes, more in rows))

    at = "2024-09-{:02d}T12:00:00Z".format
    upd = "2024-10-{:02d}T12:00:00Z".format
    off = SUPERSEDED
    padded = versions(
        "padded-id",
        "The same id, once with spaces around",
        "Trimmed, so two versions of one order.",
        (at(24), "30.00", upd(1), off, {}),
        (at(24), "31.00", upd(2), ok("31.00"), {}),
    )
    padded.rows[1].values["order_id"] = "  edge-v-padded-id "
    return [
        versions("duplicate", "Three equal rows", "One counts, the others are superseded.",
            (at(1), "30.00", upd(1), ok("30.00"), {}), (at(1), "30.00", upd(1), off, {}),
            (at(1), "30.00", upd(1), off, {})),
        versions("late-refund", "A later version with a refund", "The latest `updated_at` wins.",
            (at(2), "30.00", upd(1), off, {}), (at(2), "30.00", upd(9), ok("18.00"), {"refunded_amount": "12.00"})),
        versions("late-full-refund", "A later version, refunded in full",
            "The winner is excluded, the older one does not come back.", (at(3), "30.00", upd(1), off, {}),
            (at(3), "30.00", upd(9), out("fully_refunded"), {"refunded_amount": "30.00"})),
        versions("late-cancel", "A later version, cancelled", "As above.", (at(4), "30.00", upd(1), off, {}),
            (at(4), "30.00", upd(9), out("status"), {"status": "cancelled"})),
        versions("paid-at-last", "First pending, later completed", "Only the winner is judged by its status.",
            (at(5), "30.00", upd(1), off, {"status": "pending"}), (at(5), "30.00", upd(2), ok("30.00"), {})),
        versions("broken-newest", "A good version, then a newer one with a broken amount",
            "Rejection comes before versions: a broken row never hides a good one.",
            (at(6), "40.00", upd(1), ok("40.00"), {}), (at(6), "abc", upd(9), bad("invalid_amount"), {})),
        versions("broken-currency", "The same with an unknown currency", "", (at(7), "41.00", upd(1), ok("41.00"), {}),
            (at(7), "41.00", upd(9), bad("unknown_currency"), {"currency": "GBP"})),
        versions("broken-both", "Two versions, both broken", "Both are quarantined.",
            (at(8), "abc", upd(1), bad("invalid_amount"), {}),
            (at(8), "40.00", upd(2), bad("invalid_refund"), {"refunded_amount": "50.00"})),
        versions("bad-updated", "A newer row whose `updated_at` does not parse", "It is older than any that does.",
            (at(9), "30.00", upd(1), ok("30.00"), {}), (at(9), "35.00", "soon", off, {})),
        versions("no-updated", "A row without `updated_at`", "It is older than any other.",
            (at(10), "36.00", "", off, {}), (at(10), "30.00", "2024-09-10", ok("30.00"), {})),
        versions("offset-updated", "`updated_at` 12:00+02:00 against 11:00Z",
            "Compared as instants: the second is an hour later.",
            (at(11), "30.00", "2024-10-01T12:00:00+02:00", off, {}),
            (at(11), "31.00", "2024-10-01T11:00:00Z", ok("31.00"), {})),
        versions("tie-ordered", "Same `updated_at`, different `ordered_at`", "The latest `ordered_at` wins.",
            (at(12), "39.00", upd(1), off, {}), (at(13), "30.00", upd(1), ok("30.00"), {})),
        versions("tie-amount", "Same times, amounts 9.50 and 10.00", "The larger number wins, not the larger text.",
            (at(14), "9.50", upd(1), off, {}), (at(14), "10.00", upd(1), ok("10.00"), {})),
        versions("tie-refund", "Same amount, refunds 2 and 10", "The larger refund wins.",
            (at(15), "30.00", upd(1), off, {"refunded_amount": "2"}),
            (at(15), "30.00", upd(1), ok("20.00"), {"refunded_amount": "10"})),
        versions("tie-status", "Refund empty and 0, statuses `completed` and `cancelled`",
            "An empty refund is 0, so the larger status wins: `completed`.",
            (at(16), "30.00", upd(1), off, {"status": "cancelled", "refunded_amount": "0"}),
            (at(16), "30.00", upd(1), ok("30.00"), {"status": "completed"})),
        versions("tie-currency", "Equal but for the currency, EUR and DKK",
            "The remaining columns in their order: EUR is larger.",
            ("2025-03-10T12:00:00Z", "30.00", upd(1), off, {"currency": "DKK"}),
            ("2025-03-10T12:00:00Z", "30.00", upd(1), ok("30.00"), {"currency": "EUR"})),
        versions("tie-discount", "Equal but for the discount, 5 and 12", "Again by number: 12.",
            (at(18), "30.00", upd(1), off, {"discount_amount": "5"}),
            (at(18), "30.00", upd(1), ok("30.00"), {"discount_amount": "12"})),
        versions("tie-channel", "Equal but for the sales channel, empty and app", "Null is smallest.",
            (at(19), "30.00", upd(1), ok("30.00"), {"sales_channel": "app"}),
            (at(19), "30.00", upd(1), off, {"sales_channel": ""})),
        versions("tie-broken-updated", "Two `updated_at` that do not parse",
            "Both are oldest, so the larger amount wins.", (at(20), "30.00", "later", off, {}),
            (at(20), "32.00", "earlier", ok("32.00"), {})),
        versions("after-as-of", "A version of December 2025, another one with a refund of January 2026",
            "With `as_of_date` 2025-12-31 the newer is excluded (`after_as_of_date`), the older counts: 30.00.",
            ("2025-12-20T12:00:00Z", "30.00", "2025-12-20", off, {}),
            ("2025-12-20T12:00:00Z", "30.00", "2026-01-10", ok("18.00"), {"refunded_amount": "12.00"})),
        padded,
        Case("edge-v-case / EDGE-V-CASE", "Ids that differ in capitals only", "Two orders: ids are not folded.",
            (_row("edge-v-case", c, at(25), "30.00", ok("30.00")),
            _row("EDGE-V-CASE", c, at(26), "30.00", ok("30.00")))),
    ]


def _identity() -> list[Case]:
    at = "2024-{:02d}-{:02d}T12:00:00Z".format
    secret = guest("gast.gross@example.com")
    late = "edge-c-registers-later"
    return [
        Case("edge-id-guest-1, -2", "A guest twice, `Gast.Gross@Example.com ` and ` gast.gross@example.com`",
            "One guest: e-mails are trimmed and lower-cased before hashing.",
            (_row("edge-id-guest-1", "", at(1, 10), "25.00", ok("25.00", customer=secret),
            customer_email="Gast.Gross@Example.com "),
            _row("edge-id-guest-2", "   ", at(2, 10), "25.00", ok("25.00", customer=secret),
            customer_email=" gast.gross@example.com"))),
        Case("edge-id-later-1, -2", "A guest who registers later, under the same e-mail in other letters",
            f"Both belong to `{late}`, known from the second order and from customers.",
            (_row("edge-id-later-1", "", at(1, 11), "25.00", ok("25.00", customer=late),
            customer_email=" Spaeter.Da@Example.com "),
            _row("edge-id-later-2", late, at(3, 11), "25.00", ok("25.00"), customer_email="spaeter.da@example.com"))),
        _one("edge-id-known", "", at(1, 12), "25.00", ok("25.00", customer="edge-c-only-in-customers"),
            "A guest whose e-mail stands only in customers", "The winning row of customers knows it.",
            customer_email="nur.kunde@example.com"),
        _one("edge-id-shared", "", at(1, 13), "25.00", ok("25.00", customer="edge-c-shared-a"),
            "A guest e-mail that two customers share", "The smallest id is taken.",
            customer_email="geteilt@example.com"),
        _one("edge-id-shared-b", "edge-c-shared-b", at(1, 14), "25.00", ok("25.00"),
            "An order with the other one's id", "An id on the order comes first.",
            customer_email="geteilt@example.com"),
        _one("edge-id-bytes", "", at(1, 15), "25.00", ok("25.00", customer="edge-c-Z"),
            "A guest e-mail shared by `edge-c-Z` and `edge-c-a`", "By bytes Z comes before a.",
            customer_email="bytes@example.com"),
        Case("edge-id-sources-1, -2",
            "A guest e-mail known to customers as `edge-c-src-2`, to an order as `edge-c-src-1`",
            "The smallest id over both sources together.",
            (_row("edge-id-sources-1", "", at(1, 16), "25.00", ok("25.00", customer="edge-c-src-1"),
            customer_email="quellen@example.com"),
            _row("edge-id-sources-2", "edge-c-src-1", at(3, 16), "25.00", ok("25.00"),
            customer_email="quellen@example.com"))),
        Case("edge-id-excluded-1, -2", "A guest e-mail known only from a cancelled order",
            "Excluded orders tell whose e-mail it is, too.",
            (_row("edge-id-excluded-1", "edge-c-cancelled-once", at(1, 17), "25.00", out("status"), status="cancelled",
            customer_email="storniert@example.com"),
            _row("edge-id-excluded-2", "", at(3, 17), "25.00", ok("25.00", customer="edge-c-cancelled-once"),
            customer_email="storniert@example.com"))),
        Case("edge-id-superseded-1, -2", "A guest e-mail that only a superseded version carries",
            "Only winning versions tell: a guest. The winner has another e-mail.",
            (_row("edge-id-superseded-1", "edge-c-new-mail", at(1, 18), "25.00", SUPERSEDED, updated_at="2024-01-18",
            customer_email="alte.adresse@example.com"),
            _row("edge-id-superseded-1", "edge-c-new-mail", at(1, 18), "25.00", ok("25.00"), updated_at="2024-01-20",
            customer_email="neue.adresse@example.com"),
            _row("edge-id-superseded-2", "", at(3, 18), "25.00",
            ok("25.00", customer=guest("alte.adresse@example.com")), customer_email="alte.adresse@example.com"))),
        _one("edge-id-old-row", "", at(1, 19), "25.00", ok("25.00", customer=guest("frueher@example.com")),
            "A guest e-mail from an outdated row of customers",
            "The winning row of `edge-c-dup` has another one: a guest.", customer_email="frueher@example.com"),
        _one("edge-id-mail-as-id", "Nur.Kunde@Example.com", at(2, 12), "25.00",
            ok("25.00", customer="edge-c-only-in-customers"), "An e-mail in `customer_id`, known to customers",
            "What contains @ is an e-mail, never an id."),
        _one("edge-id-mail-as-id-guest", "Niemand.Bekannt@example.com", at(1, 20), "25.00",
            ok("25.00", customer=guest("niemand.bekannt@example.com")), "An e-mail in `customer_id`, unknown",
            "A guest."),
        _one("edge-id-padded", "  edge-c-flags ", at(2, 1), "25.00", ok("25.00"), "A customer id with spaces around",
            "Trimmed: `edge-c-flags`."),
        _one("edge-id-nobody", "", at(1, 21), "25.00", ok("25.00", customer=""), "Neither id nor e-mail",
            "Unattributed: counted, and in no customer's figures.", sales_channel="store"),
        _one("edge-id-dup", "edge-c-dup", at(1, 22), "25.00", ok("25.00"),
            "A customer with three rows: DE, AT (latest), FR (time that does not parse)",
            "The latest `updated_at` wins: AT."),
        _one("edge-id-dup-tie", "edge-c-dup-tie", at(1, 23), "25.00", ok("25.00"),
            "Two rows of one customer, equal but for the channel: email, referral", "Larger first: referral."),
    ]


def _calendar() -> list[Case]:
    def single(name: str, customer: str, day: str, what: str, why: str) -> Case:
        return _one(f"edge-day-{name}", customer, f"{day}T12:00:00Z", "22.00", ok("22.00"), what, why)

    def several(name: str, customer: str, days: tuple[str, ...], what: str, why: str) -> Case:
        rows = tuple(_row(f"edge-day-{name}-{n}", customer, day if "T" in day else f"{day}T12:00:00Z", "22.00",
            ok("22.00")) for n, day in enumerate(days, start=1))
        return Case(f"edge-day-{name}-1 to -{len(days)}", what, why, rows)

    loyal = ("2025-09-01", "2025-09-20", "2025-10-10")
    cancelled = several(
        "almost-loyal", "edge-c-almost-loyal", loyal, "Three orders and a cancelled fourth", "Not loyal: active."
    )
    fourth = _row(
        "edge-day-almost-loyal-4",
        "edge-c-almost-loyal",
        "2025-11-01T12:00:00Z",
        "22.00",
        out("status"),
        status="cancelled",
    )
    return [
        several("same-day", "edge-c-same-day",
            ("2024-05-05T09:00:00Z", "2024-05-05T15:00:00Z", "2024-05-05T15:00:00Z"),
            "Three orders on one day, two at the same second", "Numbered 1, 2, 3 by time, then id; 0 days in between."),
        several("leap", "edge-c-leap", ("2024-02-29", "2025-02-28"),
            "First order on 29 February, the next on 28 February", "365 days apart."),
        several("iso-week", "edge-c-iso-week", ("2024-12-29", "2024-12-30", "2025-01-01"),
            "A week across the end of the year",
            "29 December is the week of the 23rd; 30 December and 1 January share the week of the 30th."),
        several("gap-365", "edge-c-gap-365", ("2024-12-01", "2025-12-01"), "Back after exactly 365 days",
            "Not more than W days: active, not reactivated."),
        several("gap-366", "edge-c-gap-366", ("2024-11-30", "2025-12-01"), "Back after exactly 366 days",
            "Reactivated."),
        several("loyal", "edge-c-loyal", (*loyal, "2025-11-01"), "Four orders", "From four on: loyal."),
        Case("edge-day-almost-loyal-1 to -4", cancelled.what, cancelled.why, (*cancelled.rows, fourth)),
        single("recency-180", "edge-c-recency-180", "2025-07-22", "Last order 180 days before the as-of date",
            "Not beyond 180: active."),
        single("recency-181", "edge-c-recency-181", "2025-07-21", "181 days before", "At risk."),
        single("recency-364", "edge-c-recency-364", "2025-01-19", "364 days before", "The last day at risk."),
        single("recency-365", "edge-c-recency-365", "2025-01-18", "365 days before", "Lost."),
        single("new-90", "edge-c-new-90", "2025-10-20", "First order 90 days before the as-of date", "Still new."),
        single("new-91", "edge-c-new-91", "2025-10-19", "91 days before", "Active."),
        _one("edge-day-last", "edge-c-last-day", "2026-01-19T00:30:00+02:00", "22.00", ok("22.00", "2026-01-18"),
            "Half past midnight on 19 January 2026, two hours east", "22:30 UTC on the 18th, the as-of date."),
    ]


def _text() -> list[Case]:
    c = "edge-c-text"
    return [
        _one("edge-text-newline", c, "2024-06-20T12:00:00Z", "18.00", ok("18.00"),
            "A note with comma, quotes and line breaks, in an unknown column",
            "`gift_note` is ignored; the row is one row.", gift_note='Für Oma,\nmit "lieben" Grüßen;\nbitte läuten'),
        _one("edge-text-unicode", c, "2024-06-21T12:00:00Z", "18.00", ok("18.00"),
            "Lines: the first without a category, the second `Bücher`",
            "Of order number 1 it would be `first_category`: the lowest line that has one.", gift_note="☕ 你好"),
        _one("edge-text-book", "edge-c-book", "2024-06-22T12:00:00Z", "18.00", ok("18.00"),
            "A first order whose first line has no category, lines 2 `Bücher` and 10 `Tee`",
            "`first_category` is `Bücher`; lines are ordered by number."),
        _one("edge-text-no-category", "edge-c-no-category", "2024-06-23T12:00:00Z", "18.00", ok("18.00"),
            "A first order without any category", "`first_category` is null, `unknown` as a dimension value."),
        _one("edge-text-semicolon", c, "2024-06-24T12:00:00Z", "18.00", ok("18.00"),
            "A sales channel with semicolon and comma", "Kept as it is.", sales_channel="Messe; Halle 4, Stand 2"),
    ]
