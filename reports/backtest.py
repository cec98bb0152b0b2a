"""What is said of the health score against what followed, and of repurchase after answers and events."""

from __future__ import annotations

from collections.abc import Sequence

from reports.language import Language
from reports.questions import Row

ALL = "all"


def verdict(rows: Sequence[Row], language: Language) -> str:
    """Whether the health score tells who leaves better than recency alone. `rows`: questions.health_backtest."""
    of_all = {row["predictor"]: row for row in rows if row["month_end"] == ALL and row["grouped_by"] == ALL}
    if not of_all:
        return language.say("backtest.none")
    score, recency = of_all["score"], of_all["recency"]
    if score["is_better_than_recency"] is None:
        return language.say("backtest.too_few")
    months = {row["month_end"] for row in rows} - {ALL}
    return language.say(
        "backtest.better" if score["is_better_than_recency"] else "backtest.no_better",
        auc=language.number(score["auc"], 2),
        low=language.number(score["auc_low"], 2),
        high=language.number(score["auc_high"], 2),
        recency=language.number(recency["auc"], 2),
        customers=language.number(score["customers_looked_at"]),
        months=language.number(len(months)),
    )


def no_cause(language: Language) -> str:
    """What stands beside the figures of questions.signal_effects, wherever they are shown."""
    return language.say("backtest.no_cause")
