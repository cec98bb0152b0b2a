"""A backtest as files: a page in Markdown, all rows as CSV, pictures as SVG."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from orchestration.backtests.words import dated, refusals, said, table, verdicts
from predictions.backtesting.backtest import ORDERS, VALUE, AsOf
from predictions.backtesting.rows import ALL, Row
from reports.svg import Line, Picture, drawn
from stammkunde.files import replaced

# By their measure: the model, what is drawn, and what the axes are.
PICTURES = {
    "cumulative_orders": (ORDERS, "Orders since the date", "weeks since the date", "days with an order"),
    "orders_by_frequency": (
        ORDERS, "Orders of the next 90 days, by those before", "days with an order before, after the first one",
        "per customer",
    ),
    "calibration": (
        ORDERS, "Who orders in the next 90 days", "probability by the model, mean of each decile", "share who ordered",
    ),
    "order_value": (
        VALUE, "Value of a day with an order, by the days before", "days with an order before, after the first one",
        "per customer who ordered in the next 90 days",
    ),
}  # fmt: skip


def write_pages(folder: Path, name: str, title: str, found: Sequence[AsOf]) -> list[Path]:
    """Writes `<name>.md`, `<name>.csv`, and a picture of each kind that there are figures for."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.csv": as_csv(found)}
    pictured = longest(found)
    pictures = {measure: picture(pictured, measure) for measure in PICTURES if pictured and of(pictured, measure)}
    files |= {f"{name}_{measure}.svg": drawn(shown) for measure, shown in pictures.items()}
    files[f"{name}.md"] = "\n".join(page(name, title, found, pictured, list(pictures))) + "\n"
    for file, text in files.items():
        with replaced(folder / file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    return [folder / file for file in files]


def longest(found: Sequence[AsOf]) -> AsOf | None:
    """The date that most weeks of tracking follow; of several the latest."""
    judged = [at for at in found if at.rows]
    return max(judged, key=lambda at: (len(of(at, "cumulative_orders")), at.as_of_date), default=None)


def of(at: AsOf, measure: str) -> list[Row]:
    """What a picture shows."""
    model = PICTURES[measure][0]
    return [row for row in at.rows if (row.model, row.measure) == (model, measure) and row.bucket != ALL]


def as_csv(found: Sequence[AsOf]) -> str:
    text = io.StringIO()
    names = [field.name for field in fields(Row)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["as_of_date", *names, "decides"])
    for at, row in dated(found):
        writer.writerow([at.isoformat(), *(cell(getattr(row, name)) for name in names), str(row.decides).lower()])
    return text.getvalue()


def cell(value: object) -> str:
    """Six digits that count: what lies behind them differs between processors."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def picture(at: AsOf, measure: str) -> Picture:
    rows = of(at, measure)
    _, title, x_title, y_title = PICTURES[measure]
    by_frequency = measure in ("orders_by_frequency", "order_value")
    lines = [
        Line("what happened", [row.actual for row in rows], is_dotted=measure != "cumulative_orders"),
        Line("the model", [row.expected for row in rows], is_dotted=by_frequency),
        Line("the rival", [row.rival for row in rows], is_dotted=by_frequency),
    ]
    names, places = [row.bucket for row in rows], None
    if measure == "calibration":
        places = [row.expected or 0.0 for row in rows]
        names = [f"{place:.2f}" for place in places]
    return Picture(f"{title}, as of {at.as_of_date}", x_title, y_title, names, lines, places)


def page(name: str, title: str, found: Sequence[AsOf], pictured: AsOf | None, drawable: Sequence[str]) -> Iterator[str]:
    yield f"# Backtest: {title}"
    yield ""
    yield "Written by `stammkunde backtest --to`. How to read it: [backtests](../backtests.md). All rows:"
    yield f"[{name}.csv]({name}.csv)."
    yield ""
    for given in verdicts(found):
        text = said(given)
        yield f"- {text[0].upper()}{text[1:]}"
    yield from (f"- {text}" for text in refusals(found))
    for at in found:
        rows = table(at)
        if not rows:
            continue
        customers = max(row.customers for row in at.rows)
        yield ""
        yield f"## As of {at.as_of_date}, {customers:,} customers"
        yield ""
        yield "| | model | actual | rival | better |"
        yield "|---|---:|---:|---:|---|"
        for row in rows:
            yield f"| {' | '.join(row).replace('*', chr(92) + '*')} |"
    if pictured:
        yield ""
        yield f"## Pictures, as of {pictured.as_of_date}"
        for measure in drawable:
            yield ""
            yield f"![{PICTURES[measure][1]}]({name}_{measure}.svg)"
