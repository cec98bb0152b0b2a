"""Weeks, months, quarters and years by date arithmetic."""

from __future__ import annotations

from datetime import date, timedelta


def start_of_period(grain: str, day: date) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    if grain == "year":
        return date(day.year, 1, 1)
    raise ValueError(grain)


def add_periods(grain: str, start: date, count: int) -> date:
    if grain == "week":
        return start + timedelta(days=7 * count)
    months = start.year * 12 + start.month - 1 + {"month": 1, "quarter": 3, "year": 12}[grain] * count
    return date(months // 12, months % 12 + 1, 1)


def period_starts(grain: str, first_day: date, last_day: date) -> list[date]:
    """The starts of all periods from the one that holds first_day to the one that holds last_day."""
    starts = []
    start = start_of_period(grain, first_day)
    while start <= last_day:
        starts.append(start)
        start = add_periods(grain, start, 1)
    return starts
