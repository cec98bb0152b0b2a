"""What a refresh is compared with: the published build before, and what earlier refreshes noted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import duckdb

from orchestration.publish.builds import Kept
from orchestration.quality.evidence import NOTED, Noted
from orchestration.quality.results import Lasting, Result
from orchestration.state import Row, State
from stammkunde.database import attach_read_only, in_memory, path_literal, read_only, rows
from stammkunde.places import PROJECT

# What figures are made by. Descriptions and tests beside them change none.
MODELS = (("models", "*.sql"), ("macros", "*.sql"), ("seeds", "*.csv"))
AN_EARLIER_VERSION = "those of an earlier version"


def models_hash() -> str:
    """Equal for equal models, macros and seeds."""
    whole = hashlib.sha256()
    for folder, pattern in MODELS:
        for file in sorted((PROJECT / folder).rglob(pattern)):
            whole.update(json.dumps([str(file.relative_to(PROJECT)), file.read_text(encoding="utf-8")]).encode())
    return whole.hexdigest()[:16]


def definition_changes(build_id: str, now: Mapping[str, object], before: Kept) -> list[Row]:
    """Settings that are otherwise than in a published build, and whether models are.

    `now` is what this refresh notes of itself.
    """
    with read_only(before.file) as connection:
        noted = rows(connection, "select * from marts.build")[0]
    settings, settings_before = (json.loads(str(known.get("settings") or "{}")) for known in (now, noted))
    changes = [
        (name, said(settings_before.get(name)), said(settings.get(name)))
        for name in sorted({*settings, *settings_before})
        if settings.get(name) != settings_before.get(name)
    ]
    if not changes and noted.get("settings_hash") != now["settings_hash"]:
        changes.append(("identity_salt", "another", "the one in force"))
    known_models = str(before.manifest.get("models_hash") or AN_EARLIER_VERSION)
    if known_models != now["models_hash"]:
        changes.append(("models", known_models, str(now["models_hash"])))
    return [{"build_id": build_id, "definition": name, "was": was, "is_now": is_now} for name, was, is_now in changes]


def said(value: object) -> str:
    return "nothing" if value is None else str(value)


def keep_published_orders(state: State, before: Kept | None) -> None:
    """The orders of the build before, where dbt finds them."""
    if before is None:
        state.write("published_orders", [])
        return
    with in_memory() as connection:
        attach_read_only(connection, before.file, "published_before")
        excluded = "select * from (values (null, null, null, null, null)) where false"
        if before.excluded_orders.exists():
            excluded = f"from read_parquet({path_literal(before.excluded_orders)})"
        connection.execute(
            f"create view excluded (order_id, order_date, net_amount, updated_at, exclusion_reason) as {excluded}"
        )
        state.write_query(
            "published_orders",
            connection,
            published_orders("published_before.marts.orders", "excluded"),
        )


def published_orders(orders: str, excluded_orders: str) -> str:
    """The orders of a build that a later one is compared with: those that counted, and those that did not."""
    return f"""
    select
        order_id, customer_id, order_date, currency, amount, refunded_amount, net_amount, updated_at,
        null as exclusion_reason
    from {orders}
    union all
    select order_id, null, order_date, null, null, null, net_amount, updated_at, exclusion_reason
    from {excluded_orders}
    """


def noted(state: State, build_id: str, before: Kept | None, shop_names: Iterable[str]) -> Noted:
    """What refreshes noted that the gate judges: of this one, and of the build before."""
    of_builds = set(NOTED) - {"closed_months", "erased_orders"}
    now: dict[str, Sequence[Row]] = {table: state.of_build(table, build_id) for table in of_builds}
    now["closed_months"] = published_months(state, shop_names)
    now["erased_orders"] = erased_since(state, before)
    if before is None:
        return Noted(now)
    earlier: dict[str, Sequence[Row]] = {
        table: state.of_build(table, before.build_id) for table, has_before in NOTED.items() if has_before
    }
    if not earlier["raw_entities"]:
        earlier["raw_entities"] = raw_entities_of(before)
    return Noted(now, earlier)


def erased_since(state: State, before: Kept | None) -> list[Row]:
    """The orders of persons who were erased since a build was published."""
    if before is None or not before.manifest.get("published_at"):
        return []
    published_at = datetime.fromisoformat(str(before.manifest["published_at"])).replace(tzinfo=None)
    return [row for row in state.rows("erased_orders") if row["erased_at"] and row["erased_at"] >= published_at]  # type: ignore[operator]


def raw_entities_of(before: Kept) -> list[dict[str, object]]:
    """The raw entities of a build whose measures are gone, as far as its published file tells: rows, and the days of
    orders without the first and last, which may be of another day in the export's time zone."""
    with read_only(before.file) as connection:
        entities = rows(
            connection,
            """
            select entity, sum(rows) as rows, null as first_date, null as last_date
            from marts.row_accounting
            where outcome not in ('folded', 'left_out')
            group by entity
            """,
        )
        first, last = connection.execute("select min(order_date), max(order_date) from marts.orders").fetchall()[0]
    for entity in entities:
        if entity["entity"] == "orders" and first:
            entity |= {"first_date": first + timedelta(days=1), "last_date": last - timedelta(days=1)}
    return entities


def published_months(state: State, shop_names: Iterable[str]) -> list[Row]:
    """What was published of closed months, without builds that were rolled back."""
    names = set(shop_names)
    published = {row["build_id"] for row in state.rows("builds") if row["outcome"] == "published"}
    return [row for row in state.rows("closed_months") if row["build_id"] in published and row["shop"] in names]


def months_to_note(
    history: Sequence[Row], months: Iterable[Row], build: Mapping[str, object], is_accepted: bool
) -> list[Row]:
    """The rows that a build adds to the history of closed months: those that are new in it, or not what was published
    last."""
    last = {row["month_start"]: row for row in history}  # in the order of the builds
    figures = ("orders", "net_revenue", "purchasing_customers")
    return [
        {**month, **build, "is_accepted": is_accepted}
        for month in months
        if (known := last.get(month["month_start"])) is None
        or month["unexplained_revenue"]
        or any(known[name] != month[name] for name in figures)
    ]


def lasting(state: State, before: Kept | None) -> Lasting:
    """What a person let pass in the build before, or what lasted in it."""
    return lasting_of(state.of_build("acceptances", before.build_id) if before else [])


def lasting_of(accepted: Iterable[Row]) -> Lasting:
    """What lasts, of rows of `acceptances`."""
    return Lasting(
        {
            (str(row["suite"]), str(row["check_name"]), str(row["key"])): (
                float(str(row["observed"])),
                str(row["reason"]),
            )
            for row in accepted
        }
    )


def acceptances(build_id: str, results: Iterable[Result], before: Lasting) -> list[Row]:
    """What a person lets pass in this refresh. What lasts is noted as far as it was when it was accepted first."""
    found: list[Row] = []
    for result in results:
        if result.outcome != "accepted":
            continue
        for row in result.broken:
            key = (result.suite, result.check_name, row.key)
            first = before.accepted.get(key, (row.observed, ""))[0] if result.lasts else row.observed
            found.append(
                {
                    "build_id": build_id, "suite": result.suite, "check_name": result.check_name, "key": row.key,
                    "observed": first, "reason": result.accepted_reason,
                }
            )  # fmt: skip
    return found


def closed_months_of(connection: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """The closed months of the build in a warehouse, with what changed in them without an explanation."""
    return rows(
        connection,
        """
        select
            kpis.period_start as month_start,
            kpis.orders + kpis.unattributed_orders as orders,
            kpis.net_revenue + kpis.unattributed_revenue as net_revenue,
            kpis.purchasing_customers,
            coalesce(restated.unexplained_revenue, 0) as unexplained_revenue
        from marts.retention_kpis as kpis
        left join marts.restatements as restated
            on kpis.period_grain = restated.period_grain and kpis.period_start = restated.period_start
        where kpis.period_grain = 'month' and kpis.is_complete
        order by month_start
        """,
    )
