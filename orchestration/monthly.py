"""What is built once a month: whether a refresh builds it, or leaves it as it is.

The health backtest asks the past of twelve months, that of the predictions fits them as of several dates: every day
that would cost more than it could have learnt.
"""

from __future__ import annotations

import duckdb

from orchestration.session import Session
from stammkunde.database import read_only
from stammkunde.manifest import MONTHLY, Manifest

# Whose marts the warehouse holds, and whether the backtest is that of the latest month end of that build.
HELD = """
select
    (select build_id from marts.build),
    (select max(month_end) from intermediate.int_backtest_month_ends)
        is not distinct from (select max(try_cast(month_end as date)) from marts.health_backtest)
"""


def left_as_they_are(session: Session, manifest: Manifest) -> list[str]:
    """Names of the models that this refresh need not build: none, or all that are built once a month."""
    return [] if is_due(session) else manifest.tagged(MONTHLY)


def with_backtests(session: Session) -> str | None:
    """The published build, if its backtests of predictions may be carried over: of the same definitions, and asked for
    by a usual refresh. A past day is compared with no build, and always computes them."""
    before = session.baseline
    if before is None or session.request.full_refresh:
        return None
    return None if session.state.of_build("definition_changes", session.build_id) else before.build_id


def is_due(session: Session) -> bool:
    """Only what readers have is left as it is: the warehouse holds the published build, of the same definitions and of
    the latest month end. A past day is compared with no build, and always builds all."""
    before = with_backtests(session)
    if before is None:
        return True
    try:
        with read_only(session.places.warehouse) as connection:
            held = connection.execute(HELD).fetchall()[0]
    except duckdb.Error:  # it is not there, or of an earlier version
        return True
    return held != (before, True)
