"""The settings of contract section 3, read from the same dictionary that dbt gets as vars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from .reading import read_timestamp

DEFAULTS: dict[str, object] = {
    "reporting_timezone": "UTC",
    "source_timezone": "UTC",
    "identity_salt": "",
    "margin_rate": 1.0,
    "reporting_currency": "EUR",
    "as_of_date": None,
    "active_window_days": 365,
    "at_risk_after_days": 180,
    "new_window_days": 90,
    "loyal_min_orders": 4,
    "excluded_statuses": ["cancelled", "canceled", "voided", "failed", "pending", "draft"],
    "count_fully_refunded": False,
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
    count_fully_refunded: bool
    segment_dimensions: tuple[str, ...]

    def local_date(self, instant: datetime) -> date:
        return instant.astimezone(self.reporting_zone).date()

    def read_timestamp(self, value: str | None) -> datetime | None:
        return read_timestamp(value, source_zone=self.source_zone, reporting_zone=self.reporting_zone)


def read_settings(given: Mapping[str, object]) -> Settings:
    """`run_at` has to be given: a calculation that asks the clock cannot be repeated."""
    values = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    reporting_zone = ZoneInfo(str(values["reporting_timezone"]))
    source_zone = ZoneInfo(str(values["source_timezone"]))
    run_at = read_timestamp(str(values["run_at"]), source_zone=source_zone, reporting_zone=reporting_zone)
    if run_at is None:
        raise ValueError(f"run_at does not parse: {values['run_at']!r}")
    as_of = values["as_of_date"]
    statuses = values["excluded_statuses"]
    if not isinstance(statuses, (list, tuple)):
        raise TypeError("excluded_statuses must be a list")
    dimensions = values["segment_dimensions"]
    if not isinstance(dimensions, (list, tuple)):
        raise TypeError("segment_dimensions must be a list")
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
        excluded_statuses=frozenset(str(status).strip().lower() for status in statuses),
        count_fully_refunded=bool(values["count_fully_refunded"]),
        segment_dimensions=tuple(str(name) for name in dimensions),
    )
