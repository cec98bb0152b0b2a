"""Everything that is planted into the sample shop: the orders, and what the other entities need for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .edge_orders import Case, OrderRow, order_sections

CUSTOMER_COLUMNS = (
    "customer_id", "email", "created_at", "acquisition_channel", "country", "marketing_consent",
    "referred_by_customer_id", "loyalty_tier", "updated_at",
)  # fmt: skip


@dataclass
class EdgeCases:
    """All planted rows, by entity."""

    sections: dict[str, list[Case]] = field(default_factory=dict)
    customers: list[dict[str, str]] = field(default_factory=list)
    rates: list[tuple[str, str, str]] = field(default_factory=list)
    activities: list[tuple[str, str, str, str | None, str | None]] = field(default_factory=list)
    order_lines: list[tuple[str, int, str, str, str | None, int, str]] = field(default_factory=list)
    subscriptions: list[tuple[str, ...]] = field(default_factory=list)

    def rows(self) -> Iterable[tuple[Case, OrderRow]]:
        """Every planted order row with its case."""
        for cases in self.sections.values():
            for case in cases:
                for row in case.rows:
                    yield case, row


def edge_cases() -> EdgeCases:
    """Return everything that is planted into the sample shop."""
    return EdgeCases(
        sections=order_sections(),
        customers=_customers(),
        rates=_rates(),
        activities=_activities(),
        order_lines=_order_lines(),
        subscriptions=_subscriptions(),
    )


def _customers() -> list[dict[str, str]]:
    rows = [
        ("edge-c-registers-later", "spaeter.da@example.com", "2024-03-11", "organic_search", "DE", "true", "", "", ""),
        ("edge-c-only-in-customers", " Nur.Kunde@example.com ", "2023-12-01", "email", "AT", "YES", "", "", ""),
        ("edge-c-shared-b", "geteilt@example.com", "2023-12-01", "email", "DE", "1", "", "", ""),
        ("edge-c-shared-a", "Geteilt@Example.com", "2023-12-02", "referral", "DE", "no", "edge-c-shared-b", "", ""),
        ("edge-c-a", "bytes@example.com", "2023-12-03", "email", "DE", "t", "", "", ""),
        ("edge-c-Z", "bytes@example.com", "2023-12-03", "email", "DE", "f", "", "", ""),
        ("edge-c-src-2", "quellen@example.com", "2023-12-04", "email", "DE", "", "", "", ""),
        ("edge-c-dup", "frueher@example.com", "2023-12-05", "email", "DE", "true", "", "basic", "2024-01-01T00:00:00Z"),
        ("edge-c-dup", "jetzt@example.com", "2023-12-05", "email", "AT", "true", "", "silver", "2025-01-01T00:00:00Z"),
        ("edge-c-dup", "nie@example.com", "2023-12-05", "email", "FR", "true", "", "gold", "bald"),
        ("edge-c-dup-tie", "gleich@example.com", "2023-12-06", "email", "DE", "true", "", "", "2024-01-01"),
        ("edge-c-dup-tie", "gleich@example.com", "2023-12-06", "referral", "DE", "true", "", "", "2024-01-01"),
        (
            "edge-c-prospect",
            "interessent@example.com",
            "2025-12-24T18:00:00+01:00",
            "organic_search",
            "CH",
            "true",
            "",
            "",
            "",
        ),
        ("edge-c-only-excluded", "nur.ausgeschlossen@example.com", "2024-06-30", "email", "DE", "true", "", "", ""),
        ("edge-c-text", "text@example.com", "2024-06-01", "", "", "", "", "", ""),
        ("edge-c-book", "buch@example.com", "2024-06-01", "organic_search", "DE", "true", "", "", ""),
        ("edge-c-abo", "edge.abo@example.com", "2024-01-01", "organic_search", "DE", "true", "", "", ""),
    ]
    return [dict(zip(CUSTOMER_COLUMNS, row, strict=True)) for row in rows]


def _rates() -> list[tuple[str, str, str]]:
    return [
        ("2023-01-02", "EUR", "1.25"),
        ("2025-03-03", "DKK", "0.1340"),
        ("2025-03-03", "DKK", "0.1341"),
        ("2025-03-04", "DKK", "n/a"),
        ("2025-03-05", "DKK", "0"),
        ("2025-03-06", "DKK", "-0.1340"),
        ("2025-03-07", " dkk ", " 0.1345 "),
        ("2025-03-10", "DKK", "0,1350"),
        ("2025-03-12", "DKK", "0.124499996"),
        ("2025-13-01", "DKK", "0.5"),
    ]


def _activities() -> list[tuple[str, str, str, str | None, str | None]]:
    """Customer, time, type, value, detail."""
    return [
        ("edge-c-text", "2024-06-21T09:00:00Z", "wishlist_added", None, "a type that is not known"),
        (" Nur.Kunde@Example.com ", "2024-02-20T09:00:00Z", "session", None, "an e-mail in customer_id"),
        ("edge-c-nowhere", "2024-02-21T09:00:00Z", "nps", "3", "a customer that nothing else knows"),
        ("edge-c-loyal", "2025-11-20T09:00:00Z", "nps", "9", "the latest mark: an advocate"),
        ("edge-c-loyal", "2025-11-01T09:00:00Z", "nps", "2", "an earlier mark"),
    ]


def _order_lines() -> list[tuple[str, int, str, str, str | None, int, str]]:
    """Order, line, product, name, category, quantity, amount."""
    return [
        ("edge-text-unicode", 1, "P000", "Geschenkverpackung", None, 1, "3.00"),
        ("edge-text-unicode", 2, "P302", "Roman Der stille Hof", "Bücher", 1, "15.00"),
        ("edge-text-book", 10, "P201", "Kräutertee Waldrand", "Tee", 1, "7.00"),
        ("edge-text-book", 2, "P304", "Kinderbuch Igel Immo", "Bücher", 1, "8.00"),
        ("edge-text-book", 1, "P000", "Geschenkverpackung", None, 1, "3.00"),
        ("edge-text-no-category", 1, "P000", "Geschenkverpackung", None, 1, "18.00"),
        ("edge-line-without-order", 1, "P201", "Kräutertee Waldrand", "Tee", 1, "6.90"),
    ]


def _subscriptions() -> list[tuple[str, ...]]:
    """Subscription, customer, start, end, monthly amount, currency, reason."""
    return [
        ("edge-s-mail", "Edge.Abo@Example.com", "2024-02-01", "2024-09-01", "14.90", "", 'zu teuer,\n"leider"'),
        ("edge-s-back", "edge-c-abo", "2025-01-15", "", "14.90", " eur ", ""),
    ]
