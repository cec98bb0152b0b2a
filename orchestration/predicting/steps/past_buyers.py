"""What BG/NBD and gamma-gamma would have said of past dates, against what then happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from orchestration.predicting.step import Known, Rows, Step
from orchestration.predicting.steps.judged import of_backtest
from predictions.backtesting.backtest import CLV, ORDERS, VALUE, backtest
from predictions.backtesting.past import OrderDays, order_days

MODEL = "int_buying_days"
DAYS = f"""
select
    customer_id,
    order_date,
    cast(net_revenue as double) as net_revenue
from intermediate.{MODEL}
order by customer_id, order_date
"""


def days_of(found: Mapping[str, NDArray[Any]]) -> OrderDays:
    return order_days(found["customer_id"], found["order_date"], found["net_revenue"])


def predict(known: Known) -> Iterator[Rows]:
    """All measures of every past date that can be judged; none in a shop without such a date."""
    if known.as_of_date is None:
        return
    for at in backtest(days_of(known.columns["days"]), known.as_of_date):
        if at.rows:
            yield of_backtest(at.rows, at.as_of_date, known.as_of_date)


PAST_BUYERS = Step("past buyers", (MODEL,), {"days": DAYS}, predict, monthly=(ORDERS, VALUE, CLV))
