"""KPIs and lists of the published build as files for spreadsheets: each as CSV, and all of them in one Excel file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports import changes, cohorts, customers, overview, questions, return_times
from reports.excel import write_workbook
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Asking, MissingMartError, Question, Row, of_one_build
from reports.tables import Column, Table
from stammkunde.errors import StammkundeError
from stammkunde.files import PUBLIC_FILE, PUBLIC_FOLDER, replaced

GRAINS = ("week", "month", "quarter", "year")
LISTED = 100_000  # customers in a list; a sheet of Excel ends at some million rows
FACTS = ("shop", "as_of_date", "first_order_date", "reporting_currency", "build_number", "built_at", "build_id")


@dataclass(frozen=True)
class Sheet:
    """A table by the name of its file; title and text say what it holds."""

    name: str
    title: str
    about: str
    table: Table


@dataclass(frozen=True)
class Reader:
    """Who asks, and in which language."""

    ask: Asking
    language: Language
    glossary: Glossary

    def sheet(self, name: str, table: Table) -> Sheet:
        return Sheet(name, self.language.say(f"export.{name}"), self.language.say(f"export.{name}_about"), table)


def write_export(published: Path, folder: Path, code: str) -> list[Path]:
    """Write all files into a folder, which takes the place of one that is there, and give their paths. Raises
    PublishedFileError."""
    language = Language(code)
    found, currency = of_one_build(
        published, lambda ask, build: (list(sheets(ask, build, language)), str(build["reporting_currency"]))
    )
    check_folder(folder, [*(f"{sheet.name}.csv" for sheet in found), f"{folder.name}.xlsx"])
    with replaced(folder) as unfinished:
        unfinished.mkdir()
        for sheet in found:
            (unfinished / f"{sheet.name}.csv").write_bytes(sheet.table.csv(language))
        tables = {sheet.title: sheet.table for sheet in found}
        write_workbook(tables, unfinished / f"{folder.name}.xlsx", language, currency)
        for file in unfinished.iterdir():
            file.chmod(PUBLIC_FILE)
        unfinished.chmod(PUBLIC_FOLDER)
    return sorted(folder.iterdir())


def check_folder(folder: Path, names: Collection[str]) -> None:
    """Raises StammkundeError where something else than an export lies in the folder, which would be gone."""
    if folder.exists() and not folder.is_dir():
        raise StammkundeError(f"{folder}: is no folder")
    others = sorted(path.name for path in folder.iterdir() if path.name not in names) if folder.exists() else []
    if others:
        raise StammkundeError(f"{folder}: holds {others[0]}, which is no part of an export: name an empty folder")


def sheets(ask: Asking, build: Row, language: Language) -> Iterator[Sheet]:
    """What is exported. A mart that the published build does not hold yet is left out."""
    glossary = Glossary(ask(questions.glossary()), language)
    reader = Reader(ask, language, glossary)
    found = []
    for make in (kpis, segments, cohort_cells, windows, lists):
        try:
            found += list(make(reader))
        except MissingMartError:
            continue
    yield reader.sheet("about", about_table(build, found, language))
    yield from found
    yield reader.sheet("glossary", glossary_table(glossary, language))


def about_table(build: Row, found: Sequence[Sheet], language: Language) -> Table:
    """Of which build the files are, and what each holds."""
    say = language.say
    rows = [{"what": say(f"quality.{name}"), "value": fact(build[name], language)} for name in FACTS]
    rows += [{"what": sheet.title, "value": sheet.about} for sheet in found]
    rows.append({"what": say("export.rates"), "value": say("export.rates_about")})
    return Table([Column("what", say("export.what")), Column("value", say("export.value"), "prose")], rows)


def fact(value: object, language: Language) -> str:
    return language.value(value, "date") if not isinstance(value, int) else str(value)


def kpis(reader: Reader) -> Iterator[Sheet]:
    """All KPIs of all periods, the latest first."""
    names = reader.glossary.measures_of("retention_kpis")
    for grain in GRAINS:
        rows = reader.ask(questions.kpis_named(grain, tuple(names)))
        named = [{**row, "period": reader.language.period(grain, row["period_start"])} for row in rows]
        columns = [
            Column("period", reader.language.say(f"common.{grain}")),
            Column("period_start", reader.language.say("export.first_day"), "date"),
            *map(reader.glossary.column, names),
        ]
        yield reader.sheet(f"kpis_{grain}", Table(columns, named[::-1]))


def segments(reader: Reader) -> Iterator[Sheet]:
    """What each segment had to do with the retention of the last complete month, quarter and year."""
    for grain in GRAINS[1:]:
        over = overview.complete(reader.ask(questions.kpis(grain)))
        start = over[-1]["period_start"] if over else None
        rows = reader.ask(questions.segments(grain, start)) if start else []
        shown = [{**row, **named(row, reader.language), "period_start": start} for row in rows]
        yield reader.sheet(f"segments_{grain}", Table(segment_columns(reader, grain), shown))


def named(row: Row, language: Language) -> dict[str, str]:
    return {
        "dimension": language.dimension(row["dimension"]),
        "segment": language.dimension_value(row["dimension_value"]),
    }


def segment_columns(reader: Reader, grain: str) -> list[Column]:
    say, glossary = reader.language.say, reader.glossary
    effects = [f"{effect}{against}" for against in ("", "_year_before") for effect in changes.EFFECTS]
    return [
        Column("period_start", say(f"common.{grain}"), "period", grain),
        Column("dimension", say("export.dimension")),
        Column("segment", say("export.segment")),
        *map(glossary.column, ("customers_at_start", "churned_customers", "customers_at_end")),
        *map(glossary.column, (changes.RATE, f"{changes.RATE}_low", f"{changes.RATE}_high")),
        *(Column(effect, glossary.term(effect).name, "points") for effect in effects),
        glossary.column("is_left_censored"),
    ]


def cohort_cells(reader: Reader) -> Iterator[Sheet]:
    rows = reader.ask(questions.cohorts("month", "all", "all"))
    yield reader.sheet("cohorts", cohorts.cell_table(rows, "month", reader.glossary, reader.language))


def windows(reader: Reader) -> Iterator[Sheet]:
    rows = reader.ask(questions.windows("all", "all"))
    yield reader.sheet("windows", return_times.window_table(rows, reader.glossary, reader.language))


def lists(reader: Reader) -> Iterator[Sheet]:
    """Who is nearly lost, who is, and who brought most."""
    asked: dict[str, Question] = {
        "at_risk": questions.at_risk_customers("by_value", LISTED),
        "lost": questions.lost_customers(LISTED),
        "best": questions.best_customers(LISTED),
    }
    for name, question in asked.items():
        rows = reader.ask(question)
        table = customers.customer_table(rows, reader.glossary, reader.language, with_stage=name == "best")
        yield reader.sheet(name, table)


def glossary_table(glossary: Glossary, language: Language) -> Table:
    """All measures with what they mean."""
    names = ("kpi", "mart", "name_de", "name_en", "abbreviation", "unit", "formula", f"definition_{language.code}")
    columns = [Column(name, language.say(f"export.{name.removesuffix('_' + language.code)}")) for name in names]
    rows = [{**row, "abbreviation": "" if row["abbreviation"] == "-" else row["abbreviation"]} for row in glossary.rows]
    return Table(columns, sorted(rows, key=lambda row: (row["mart"], row["kpi"])))
