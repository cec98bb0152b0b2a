"""One SQL text for all engines: models use only what DuckDB and Spark share; macros/portable holds the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stammkunde.blanks import CODES
from tests.conftest import PROJECT

SHARED_SQL = sorted(
    [*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/retention/*.sql"), *PROJECT.glob("tests/data/*.sql")]
)

# Functions that give the same result on both engines. Before one is added here, try it on both.
PORTABLE_FUNCTIONS = re.compile(
    "abs|avg|cast|coalesce|count|dense_rank|exp|floor|greatest|lag|lead|least|ln|lower|max|md5|min|month|ntile|nullif|rank"
    "|round|row_number|sqrt|substring|sum|try_cast|upper|year"
)
NO_FUNCTIONS = re.compile(
    "and|as|by|distinct|else|exists|false|filter|from|having|in|join|not|on|or|over|select|then|union|when|where|decimal"
)

DIFFERENT = {
    r"::": "cast(... as ...)",
    r'"': "unquoted names: Spark reads double quotes as text",
    r"`": "unquoted names",
    r"\bvarchar\b|\btext\b|\bhugeint\b": "dbt.type_string() or a portable type",
    r"\binterval\b": "the macro add_days",
    r"\bconcat\b": "||",
    r"\bselect\s+distinct\s+on\b": "row_number",
    r"\bby\s+name\b": "explicit columns",
    r"\bexclude\b|\breplace\b|\bqualify\b": "explicit columns, a CTE",
    r"\bunnest\b|\bgenerate_series\b|\brange\s*\(|\blateral\b": "the macro whole_numbers",
    r"\blimit\b": "row_number: DuckDB 2.0.0 leaves out a limit that is larger than the rows it expects",
    r"\basof\b|\bpivot\b|\bpositional\b": "joins and case",
    r"\bover\s+\w+\s*[-+*/]": "brackets around it: Spark takes what follows for a part of the window's name",
    r"\bilike\b|\bsimilar\b|~": "lower and like",
    r"\bcurrent_date\b|\bcurrent_timestamp\b|\bnow\s*\(": "run_at, as_of_date: nothing asks for the time",
}


def without_jinja_and_comments(text: str) -> str:
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", " x ", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}", " ", text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", " ", text)


def foreign_constructs(text: str) -> list[str]:
    sql = re.sub(r"'[^']*'", "''", without_jinja_and_comments(text)).lower()
    found = []
    for pattern, instead in DIFFERENT.items():
        if match := re.search(pattern, sql):
            found.append(f"{match.group(0)!r}: use {instead}")
    called = {name for name in re.findall(r"\b([a-z_0-9]+)\s*\(", sql) if not NO_FUNCTIONS.fullmatch(name)}
    names_of_ctes = set(re.findall(r"\b([a-z_0-9]+)\s+as\s*\(", sql)) | {"x"}
    unknown = {name for name in called - names_of_ctes if not PORTABLE_FUNCTIONS.fullmatch(name)}
    found += [f"function {name!r} is not known to be portable" for name in sorted(unknown)]
    if re.search(r"\btarget\s*\.|adapter\s*\.", text):
        found.append("a branch on the engine: dispatch in macros/portable")
    return found


@pytest.mark.parametrize("path", SHARED_SQL, ids=lambda path: str(path.relative_to(PROJECT)))
def test_only_portable_sql(path: Path) -> None:
    assert foreign_constructs(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select a::int from t",
        'select "a" from t',
        "select cast(a as varchar) from t",
        "select d + interval 1 day from t",
        "select * exclude (a) from t",
        "select list_sort(a) from t",
        "select sum(a) over b - a from t window b as (order by a)",
        "select * from t union all by name select * from u",
        "{% if target.type == 'duckdb' %}select 1{% endif %}",
        "select strftime(d, '%Y') from t",
        "select current_date",
        "select a from t order by a limit 10",
    ],
)
def test_what_differs_is_found(sql: str) -> None:
    assert foreign_constructs(sql)


def test_dispatch_is_confined_to_the_portable_macros_and_the_reading_of_files() -> None:
    dispatching = {path for path in PROJECT.glob("macros/**/*.sql") if "adapter.dispatch" in path.read_text()}
    assert dispatching <= {*PROJECT.glob("macros/portable/*.sql"), PROJECT / "macros" / "raw" / "reading.sql"}


# On Spark a window without `partition by` is one task, whatever the size of the cluster: only where rows are few.
OVER_FEW_ROWS = {
    "customer_concentration": "distinct revenues, tenths",
    "customers": "distinct values",
    "int_customers": "combinations of attributes",
    "int_backtest_month_ends": "months",
    "int_daily_balances": "days",
    "int_playbook_metrics": "distinct values",
    "retention_audit": "points of the audit",
    "subscription_kpis": "months",
}
WINDOW = re.compile(r"\b(?:over|as) \(((?:[^()]|\([^()]*\))*)\)")


def windows_over_all_rows(text: str) -> list[str]:
    windows = [" ".join(found.split()) for found in WINDOW.findall(re.sub(r"--[^\n]*", " ", text))]
    return [window for window in windows if re.match("order by|rows |$", window)]


def test_only_few_rows_are_ranked_all_together() -> None:
    found = {path.stem for path in PROJECT.glob("models/**/*.sql") if windows_over_all_rows(path.read_text())}
    assert found == OVER_FEW_ROWS.keys()


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("select ntile(10) over (order by a desc, b) from t", 1),
        ("select sum(a) over () from t", 1),
        ("select lag(a) over w from t window w as (order by coalesce(a, b))", 1),
        ("select lag(a) over w from t window w as (\n partition by coalesce(c, d)\n order by a)", 0),
    ],
)
def test_a_window_over_all_rows_is_found(sql: str, number: int) -> None:
    assert len(windows_over_all_rows(sql)) == number


def test_white_space_is_the_same_to_models_and_to_what_runs_before_them() -> None:
    macro = (PROJECT / "macros" / "portable" / "text.sql").read_text(encoding="utf-8")
    (listed,) = re.findall(r"return\('\[(\\\\x.+)\]'\)", macro)
    parts = re.findall(r"x\{([0-9a-f]+)\}(?:-\\\\x\{([0-9a-f]+)\})?", listed)
    assert [code for first, last in parts for code in range(int(first, 16), int(last or first, 16) + 1)] == [*CODES]
