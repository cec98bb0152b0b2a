"""The settings of contract section 3, read from the same dictionary that dbt gets as vars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from .reading import BLANKS, read_timestamp

DEFAULTS: dict[str, object] = {
    "reporting_timezone": "UTC",
    "source_timezone": "UTC",
    "identity_salt": "",
    "margin_rate": 1.0,
    "discount_rate": 0.1,
    "churn_horizon_days": 90,
    "universal_control_share": 0.05,
    "reporting_currency": "EUR",
    "as_of_date": None,
    "active_window_days": 365,
    "at_risk_after_days": 180,
    "new_window_days": 90,
    "loyal_min_orders": 4,
    "excluded_statuses": [
        *("cancelled", "canceled", "voided", "failed", "pending", "draft", "auto-draft", "checkout-draft", "trash"),
        *("expired", "wc-cancelled", "wc-failed", "wc-pending", "wc-checkout-draft", "storniert", "abgebrochen"),
        *("fehlgeschlagen", "entwurf", "zahlung ausstehend"),
    ],
    "refunded_statuses": ["refunded", "wc-refunded", "erstattet", "rückerstattet"],
    "missing_values": ["0", "-1", "none", "n/a", "undefined", "-"],
    "identity_by": "customer_id",
    "count_fully_refunded": False,
    "first_reply_target_minutes": 240,
    "solved_target_minutes": 2880,
    "frequent_contact_tickets": 3,
    "involuntary_cancellation_reasons": ["payment_failed", "non_payment"],
    "segment_dimensions": [
        "acquisition_channel",
        "country",
        "first_sales_channel",
        "first_category",
        "first_order_discounted",
    ],
}


@dataclass(frozen=True)
class Settings:
    reporting_zone: ZoneInfo
    source_zone: ZoneInfo
    run_at: datetime
    identity_salt: str
    reporting_currency: str
    as_of_date: date | None
    active_window_days: int
    at_risk_after_days: int
    new_window_days: int
    loyal_min_orders: int
    excluded_statuses: frozenset[str]
    refunded_statuses: frozenset[str]
    missing_values: frozenset[str]
    identity_by: str
    count_fully_refunded: bool
    first_reply_target_minutes: int
    solved_target_minutes: int
    frequent_contact_tickets: int
    involuntary_cancellation_reasons: frozenset[str]
    margin_rate: float
    discount_rate: float
    churn_horizon_days: int
    universal_control_share: float
    segment_dimensions: tuple[str, ...]

    def local_date(self, instant: datetime) -> date:
        return instant.astimezone(self.reporting_zone).date()

    def is_after_as_of_date(self, instant: datetime | None) -> bool:
        """Never where the setting is not given."""
        if self.as_of_date is None or instant is None:
            return False
        return self.local_date(instant) > self.as_of_date

    def is_in_future(self, instant: datetime) -> bool:
        return self.local_date(instant) > self.local_date(self.run_at)

    def read_timestamp(self, value: object) -> datetime | None:
        return read_timestamp(value, source_zone=self.source_zone, reporting_zone=self.reporting_zone)


def words(name: str, values: Mapping[str, object]) -> tuple[str, ...]:
    given = values[name]
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"{name} must be a list")
    return tuple(str(word) for word in given)


def lowered(name: str, values: Mapping[str, object]) -> frozenset[str]:
    return frozenset(word.strip(BLANKS).lower() for word in words(name, values))


def read_settings(given: Mapping[str, object]) -> Settings:
    """`run_at` has to be given: a calculation that asks the clock cannot be repeated."""
    values = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    reporting_zone = ZoneInfo(str(values["reporting_timezone"]))
    source_zone = ZoneInfo(str(values["source_timezone"]))
    run_at = read_timestamp(str(values["run_at"]), source_zone=source_zone, reporting_zone=reporting_zone)
    if run_at is None:
        raise ValueError(f"run_at does not parse: {values['run_at']!r}")
    as_of = values["as_of_date"]
    identity_by = str(values["identity_by"])
    if identity_by not in ("customer_id", "email"):
        raise ValueError(f"identity_by must be customer_id or email, not {identity_by!r}")
    return Settings(
        reporting_zone=reporting_zone,
        source_zone=source_zone,
        run_at=run_at,
        identity_salt=str(values["identity_salt"]),
        reporting_currency=str(values["reporting_currency"]).strip().upper(),
        as_of_date=date.fromisoformat(str(as_of)[:10]) if as_of else None,
        active_window_days=int(str(values["active_window_days"])),
        at_risk_after_days=int(str(values["at_risk_after_days"])),
        new_window_days=int(str(values["new_window_days"])),
        loyal_min_orders=int(str(values["loyal_min_orders"])),
        excluded_statuses=lowered("excluded_statuses", values),
        refunded_statuses=lowered("refunded_statuses", values),
        missing_values=lowered("missing_values", values),
        identity_by=identity_by,
        count_fully_refunded=bool(values["count_fully_refunded"]),
        first_reply_target_minutes=int(str(values["first_reply_target_minutes"])),
        solved_target_minutes=int(str(values["solved_target_minutes"])),
        frequent_contact_tickets=int(str(values["frequent_contact_tickets"])),
        involuntary_cancellation_reasons=lowered("involuntary_cancellation_reasons", values),
        margin_rate=float(str(values["margin_rate"])),
        discount_rate=float(str(values["discount_rate"])),
        churn_horizon_days=int(str(values["churn_horizon_days"])),
        universal_control_share=float(str(values["universal_control_share"])),
        segment_dimensions=words("segment_dimensions", values),
    )
