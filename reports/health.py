"""The health of customers: how many are in each band, what pulls them down, and the components of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, lying_bars
from reports.colours import BANDS
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import HEALTH_BANDS, HEALTH_COMPONENTS, Row
from reports.tables import Column, Table

ALL = "all"
WELL = 4  # from here on a component pulls nothing down, as in the drivers


def of_band(rows: Sequence[Row], band: str) -> Row | None:
    return next((row for row in rows if row["health_band"] == band), None)


def many(rows: Sequence[Row], band: str) -> int:
    row = of_band(rows, band)
    return row["customers"] if row else 0


def share(rows: Sequence[Row], band: str) -> float:
    return many(rows, band) / many(rows, ALL)


def judged(rows: Sequence[Row]) -> list[str]:
    """The components that anybody has."""
    everybody = of_band(rows, ALL)
    return [name for name in HEALTH_COMPONENTS if everybody and everybody[f"{name}_customers"]]


def sentences(rows: Sequence[Row], glossary: Glossary, language: Language) -> Iterator[str]:
    """How many are critical, how all are on average, and what nothing is known of."""
    everybody = of_band(rows, ALL)
    if everybody is None:
        yield language.say("health.nobody")
        return
    yield language.say(
        "health.critical",
        share=language.percent(share(rows, "critical")),
        critical=language.number(many(rows, "critical")),
        customers=language.number(everybody["customers"]),
        band=language.name("band", "critical"),
    )
    yield language.say("health.average", score=language.number(everybody["average_health_score"], 1))
    if everybody["average_change_28d"] is not None:
        yield language.say("health.moved", change=moved(everybody["average_change_28d"], language, 2))
    known = judged(rows)
    missing = [glossary.term(f"health_{name}").name for name in HEALTH_COMPONENTS if name not in known]
    if known == ["purchase"]:
        yield language.say("health.purchase_alone", names=", ".join(missing))
    elif missing:
        yield language.say("health.not_judged", names=", ".join(missing))


def moved(change: object, language: Language, decimals: int = 1) -> str:
    """A change of the score with its sign; one that is shown as zero has none."""
    shown = round(float(str(change)), decimals) + 0.0
    return f"{'+' if shown > 0 else ''}{language.number(shown, decimals)}"


def bands(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """Customers by band with their share, the worst first."""
    names = [
        language.say("health.band", band=language.name("band", band), share=language.percent(share(rows, band)))
        for band in HEALTH_BANDS
    ]
    values = [many(rows, band) for band in HEALTH_BANDS]
    table = Table(
        [
            Column("band", glossary.term("health_band").name),
            Column("customers", language.say("common.customers"), "customers"),
            Column("share", language.say("health.share"), "rate"),
        ],
        [
            {"band": language.name("band", band), "customers": value, "share": share(rows, band)}
            for band, value in zip(HEALTH_BANDS, values, strict=True)
        ],
    )
    parts = ", ".join(f"{name}: {language.number(value)}" for name, value in zip(names, values, strict=True))
    figure = lying_bars(names, values, "customers", language, colours=[BANDS[band] for band in HEALTH_BANDS])
    return Chart(figure, language.say("health.bands_alt", parts=parts), table)


def component_table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    """The mean of each component that anybody has, by band and of all."""
    shown = [band for band in (*HEALTH_BANDS, ALL) if many(rows, band)]
    columns = [
        Column("component", language.say("health.component")),
        *(Column(band, band_name(band, language), "number") for band in shown),
        Column("customers", language.say("health.with_it"), "customers", tip=language.say("health.with_it_tip")),
        Column("asks", language.say("health.asks"), "prose"),
    ]
    return Table(
        columns,
        [
            {
                "component": glossary.term(f"health_{name}").name,
                "asks": language.say(f"health.{name}"),
                **{row["health_band"]: row[f"average_{name}"] for row in rows},
                "customers": next(row[f"{name}_customers"] for row in rows if row["health_band"] == ALL),
            }
            for name in judged(rows)
        ],
    )


def band_name(band: str, language: Language) -> str:
    return language.say("health.all") if band == ALL else language.name("band", band)


# One customer


def in_words(row: Row, language: Language) -> dict[str, object]:
    """Band, change and drivers of a customer as they are read."""
    return {
        "band": row["health_band"] and language.name("band", row["health_band"]),
        "drivers": row[f"health_drivers_{language.code}"] or None,
    }


def story(row: Row, language: Language) -> Iterator[str]:
    """How a customer is, against 28 days before, and what pulls the score down."""
    if row["health_score"] is None:
        yield language.say("health.not_known")
        return
    score, band = language.number(row["health_score"], 1), language.name("band", row["health_band"])
    if row["health_score_change_28d"] is None:
        yield language.say("health.is_new", score=score, band=band)
    else:
        yield language.say("health.is", score=score, band=band, change=moved(row["health_score_change_28d"], language))
    drivers = row[f"health_drivers_{language.code}"]
    yield language.say("health.drivers", drivers=drivers) if drivers else language.say("health.no_drivers")


def components_of(row: Row, glossary: Glossary, language: Language) -> Table:
    """The six components of one customer with what each says."""
    columns = [
        Column("component", language.say("health.component")),
        Column("value", language.say("health.value"), "score"),
        Column("says", language.say("health.says"), "prose"),
        Column("asks", language.say("health.asks"), "prose"),
    ]
    return Table(
        columns,
        [
            {
                "component": glossary.term(f"health_{name}").name,
                "asks": language.say(f"health.{name}"),
                "value": row[f"health_{name}"],
                "says": language.say(f"health.{verdict(row[f'health_{name}'])}"),
            }
            for name in HEALTH_COMPONENTS
        ],
    )


def verdict(value: int | None) -> str:
    if value is None:
        return "says_nothing"
    return "says_well" if value >= WELL else "says_down"
