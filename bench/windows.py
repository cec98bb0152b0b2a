"""Ranks of all customers on Spark: by a window over all of them, and from counts per value, as the models do it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEASURES = ("recency_days", "orders", "net_revenue")
TRIES = 3  # the best is kept: the first also reads what the others find in memory

CUSTOMERS = """
    select customer_id, orders, net_revenue, datediff(as_of.as_of_date, last_order_date) as recency_days
    from intermediate.int_customers cross join intermediate.int_as_of as as_of
"""
DECILES_BY_WINDOW = """
    select decile, count(*) as customers, sum(net_revenue) as net_revenue
    from (
        select net_revenue, ntile(10) over (order by net_revenue desc, customer_id) as decile
        from intermediate.int_customers
    )
    group by decile order by decile
"""


def scores(ranks: dict[str, str], joins: str = "") -> str:
    """The number of customers of each RFM score; `ranks` are expressions for how many customers are below."""
    fifths = ", ".join(f"floor(5 * {ranks[measure]} / all_customers) as {measure}_fifth" for measure in MEASURES)
    names = ", ".join(f"{measure}_fifth" for measure in MEASURES)
    return f"""
        with customers as ({CUSTOMERS})
        select {names}, count(*) as customers
        from (select {fifths} from customers {joins} cross join (select count(*) as all_customers from customers))
        group by {names} order by {names}
    """


def scores_by_window() -> str:
    return scores({measure: f"(rank() over (order by {measure}) - 1)" for measure in MEASURES})


def scores_by_counts() -> str:
    counts = {
        measure: f"""
            (select {measure}, sum(count(*)) over (order by {measure}) - count(*) as below
            from customers group by {measure}) as {measure}_counts
        """
        for measure in MEASURES
    }
    joins = " ".join(f"join {count} using ({measure})" for measure, count in counts.items())
    return scores({measure: f"{measure}_counts.below" for measure in MEASURES}, joins)


def deciles_by_counts(manifest: Path) -> str:
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    model = nodes["model.stammkunde.customer_concentration"]["compiled_code"]
    return f"select decile, customers, net_revenue from ({model}) order by decile"


def compare_windows(ask: Callable[[str], list[Any]], manifest: Path) -> list[dict[str, object]]:
    """The seconds of both ways, on the customers that dbt has built; `ask` gives the rows of a query."""
    ways = {
        "deciles by revenue": (DECILES_BY_WINDOW, deciles_by_counts(manifest)),
        "RFM scores": (scores_by_window(), scores_by_counts()),
    }
    customers = ask("select count(*) from intermediate.int_customers")[0][0]
    found = []
    for name, (by_window, by_counts) in ways.items():
        seconds, answers = {}, {}
        for way, query in (("window", by_window), ("counts", by_counts)):
            seconds[way] = min(timed(ask, query, answers, way) for _ in range(TRIES))
        same = answers["window"] == answers["counts"]
        found.append({"what": name, "customers": customers, "seconds": seconds, "same": same})
    return found


def timed(ask: Callable[[str], list[Any]], query: str, answers: dict[str, list[Any]], way: str) -> float:
    started = time.perf_counter()
    answers[way] = ask(query)
    return time.perf_counter() - started
