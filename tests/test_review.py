"""The review: what it asks to decide follows from the figures by its rules, and only from them."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from cli.app import app
from reports import decisions
from reports.language import Language
from reports.questions import Row
from reports.review import Period, period_named, review
from stammkunde.errors import StammkundeError
from tests.conftest import PROJECT, Build
from tests.published import published_copy
from tests.test_report import Outside, asked_marts, own

QUARTER = date(2025, 10, 1)
AUDIT = """
    create table marts.retention_audit as
    select 1 as audit_rank, 7 as audit_point, 'Do you ask?' as question_en, 'Fragen Sie?' as question_de,
        1 as audit_score, 3 as max_score, '3 of 10 asked.' as evidence_en, '3 von 10 gefragt.' as evidence_de,
        'Ask.' as first_step_en, 'Fragen.' as first_step_de
    union all
    select 2, 8, 'Scored by hand?', 'Von Hand?', null, 3, 'no', 'nein', 'Look.', 'Hinsehen.'
"""


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_copy(sample.warehouse, tmp_path_factory.mktemp("review") / "retention.duckdb")


def points(text: str) -> list[str]:
    """What is to be decided: the first list of the page."""
    return [unescape(found) for found in re.findall(r"<li>(.*?)</li>", text.partition("<ul>")[2].partition("</ul>")[0])]


def chapters(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<h2 id="chapter-\d">(.*?)</h2>', text)]


@pytest.mark.parametrize("code", ["de", "en"])
def test_the_review_of_the_sample_decides_what_its_figures_say(code: str, published: Path) -> None:
    language = Language(code)
    name, text = review(published, language, "quarter")
    assert name == "2025-Q4"
    assert language.say("review.of_quarter", period="Q4 2025", shop="\N{EN DASH}") in text
    shown = points(text)
    assert len(shown) == 9
    for figures in (
        ("Q4 2025", language.percent(0.742138)),  # the target that the quarter missed
        (language.period("month", date(2025, 12, 1)), language.percent(0.363636)),
        (language.period("month", date(2025, 11, 1)), language.percent(0.123)),  # beyond chance: not December's
        ("Q4 2025", "NPS" if code == "de" else "Net promoter score", " 4 "),  # missed four times in a row
        ("Q3 2025", language.percent(0.878261), language.percent(0.742138)),  # the fall of the rate
        ("Q2 2024", language.percent(0.021277)),
        ("70", "1818"),  # the audit: e-mails to a part of the list, replies in time, customers contacted again
        ("25", "54", language.number(46.3, 1)),
        ("68", "639", language.number(10.6, 1)),
    ):
        assert sum(all(figure in point for figure in figures) for point in shown) >= 1, figures
    page = Outside()
    page.feed(text)
    assert {address.partition(":")[0].partition("#")[0] for address in page.found} == {"", "data"}
    assert "default-src 'none'" in text
    assert chapters(text) == [
        language.say(f"review.{key}") for key in ("decide", "figures", "moved", "actions", "audit")
    ]


def test_a_month_holds_what_ended_with_it(published: Path) -> None:
    """Of December its own targets, those of the quarter and of the year; no cohorts, told apart by quarters."""
    english = Language("en")
    name, text = review(published, english, "month")
    assert name == "2025-12"
    table = text.partition(f"<h3>{english.say('targets.title')}</h3>")[2].partition("</table>")[0]
    periods = set(re.findall(r"<td>(December 2025|Q4 2025|2025)</td>", table))
    assert periods == {"December 2025", "Q4 2025", "2025"}
    assert english.say("review.cohorts_title") not in text
    _, june = review(published, english, "month", date(2025, 7, 1))
    table = june.partition(f"<h3>{english.say('targets.title')}</h3>")[2].partition("</table>")[0]
    assert "July 2025" in table and "Q3 2025" not in table
    assert "programme" not in june.lower() or "July 2025" in june


def test_without_targets_actions_and_audit_these_parts_are_not_there(published: Path, tmp_path: Path) -> None:
    marts = (
        "target_attainment", "playbook_evidence", "playbook_outcomes", "playbook_programme", "retention_audit",
    )  # fmt: skip
    english = Language("en")
    emptied = own(published, tmp_path, *[f"delete from marts.{mart}" for mart in marts])
    name, text = review(emptied, english, "month", date(2025, 8, 1))
    assert name == "2025-08"
    assert chapters(text) == [english.say(f"review.{key}") for key in ("decide", "figures", "moved")]
    assert english.say("review.nothing_to_decide") in text
    assert "sk-goal" not in text.partition("</style>")[2]
    assert english.say("targets.title") not in re.findall(r"<h3>(.*?)</h3>", text)
    without = own(published, tmp_path, *[f"drop table marts.{mart}" for mart in marts])
    missing = re.sub(r"<section>\s*<div class=.sk-said.><p>The published build does not hold this yet.*?</section>", "",
                     review(without, english, "month", date(2025, 8, 1))[1], flags=re.DOTALL)  # fmt: skip
    assert points(missing) == points(text)


@pytest.mark.parametrize("code", ["de", "en"])
def test_the_weakest_points_of_the_audit_stand_there_where_it_is(code: str, published: Path, tmp_path: Path) -> None:
    language = Language(code)
    audited = own(published, tmp_path, "drop table if exists marts.retention_audit", AUDIT)
    _, text = review(audited, language, "month")
    question, evidence, step = {
        "de": ("Fragen Sie?", "3 von 10 gefragt.", "Fragen."),
        "en": ("Do you ask?", "3 of 10 asked.", "Ask."),
    }[code]
    assert any(question in point and evidence in point and point.endswith(step) for point in points(text))
    assert chapters(text)[-1] == language.say("review.audit")
    assert "Scored by hand?" not in text and "Von Hand?" not in text


def rule(name: str, verdict: str, **changed: object) -> Row:
    found = {
        "rule_id": name, "verdict": verdict, "uplift": 0.1, "always_valid_low": 0.02,
        "always_valid_high": 0.18, "treated": 500, "control": 120, "treated_customers": 480,
        "left_alone_customers": 100, "asked_control_share": 0.2,
    }  # fmt: skip
    return {**found, **changed}


def test_a_rule_is_a_point_where_it_helps_harms_or_is_not_as_drawn() -> None:
    english = Language("en")
    rules = [
        rule("helps", "works"),
        rule("hinders", "harms", uplift=-0.1, always_valid_low=-0.18, always_valid_high=-0.02),
        rule("split", "broken"),
        *(rule(verdict, verdict) for verdict in ("contacts", "unclear", "few")),
        rule("empty", "alone", uplift=None),
    ]
    said = list(decisions.of_rules(rules, english))
    assert [point.split(":")[0] for point in said] == ["Rule helps", "Rule hinders", "Rule split"]
    assert "+10.0\xa0pp in the share of customers who order" in said[0] and "extended" in said[0]
    assert "switched off" in said[1] and "100 of 580" in said[2]


def target(month: int, *, is_met: bool | None, is_beyond_chance: bool | None = False) -> Row:
    return {
        "measure": "nps", "period_grain": "month", "period_start": date(2025, month, 1), "is_met": is_met,
        "is_beyond_chance": is_beyond_chance,
    }  # fmt: skip


def test_misses_in_a_row_end_with_a_target_that_was_met_or_is_unknown() -> None:
    rows = [target(1, is_met=False), target(2, is_met=True), *(target(month, is_met=False) for month in (3, 4, 5))]
    rows.append({**target(5, is_met=True), "period_grain": "quarter"})
    assert [decisions.in_a_row(row, rows) for row in rows[:5]] == [1, 0, 1, 2, 3]
    unknown = [target(3, is_met=False), target(4, is_met=None), target(5, is_met=False)]
    assert decisions.in_a_row(unknown[-1], unknown) == 1


def test_the_end_of_a_period_is_the_day_after_it() -> None:
    ends = {"month": date(2026, 1, 1), "quarter": date(2026, 1, 1), "year": date(2026, 1, 1)}
    starts = {"month": date(2025, 12, 1), "quarter": date(2025, 10, 1), "year": date(2025, 1, 1)}
    assert {grain: decisions.ends(grain, start) for grain, start in starts.items()} == ends
    assert decisions.ends("month", date(2025, 1, 1)) == date(2025, 2, 1)
    assert [Period("quarter", date(2025, month, 1)).name for month in (1, 4, 7, 10)] == [
        f"2025-Q{number}" for number in (1, 2, 3, 4)
    ]


def test_options_name_a_period() -> None:
    assert period_named(None, None) == ("month", None)
    assert period_named("2025-06", None) == ("month", date(2025, 6, 1))
    assert period_named(None, "2025-Q2") == ("quarter", date(2025, 4, 1))
    assert period_named(None, "last") == ("quarter", None)
    for month, quarter, why in (
        ("2025-13", None, "--month is '2025-13'"),
        (None, "Q2", "--quarter is 'Q2'"),
        ("2025-06", "2025-Q2", "give --month or --quarter"),
    ):
        with pytest.raises(StammkundeError, match=re.escape(why)):
            period_named(month, quarter)


def test_the_command_writes_it_beside_the_published_file(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(published))
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(tmp_path / "w.duckdb"))
    done = CliRunner().invoke(app, ["review", "--quarter", "2025-Q2", "--language", "en"], catch_exceptions=False)
    target = published.with_name("retention_review_2025-Q2_en.html")
    assert (done.exit_code, done.output.strip()) == (0, str(target))
    assert target.stat().st_mode & 0o777 == 0o644
    for arguments, why in (
        (["--month", "2026-01"], "the month 2026-01 has no review: those that are over are 2023-01 to 2025-12"),
        (["--language", "fr"], "--language is 'fr': it must be de or en"),
    ):
        assert str(CliRunner().invoke(app, ["review", *arguments]).exception) == why


def test_a_shop_without_a_whole_month_has_nothing_to_review(published: Path, tmp_path: Path) -> None:
    young = own(published, tmp_path, "update marts.retention_kpis set is_complete = false")
    with pytest.raises(StammkundeError, match="no month is complete yet"):
        review(young, Language("de"), "month")


def test_words_have_both_languages_with_the_same_parts() -> None:
    for name in ("review", "targets"):
        words = yaml.safe_load((PROJECT / "reports" / "words" / f"{name}.yml").read_text(encoding="utf-8"))
        for key, texts in words.items():
            assert set(texts) == {"de", "en"}, key
            parts = [set(re.findall(r"{(\w+)}", text)) for text in texts.values()]
            assert parts[0] == parts[1], key


def test_dbt_and_dagster_know_what_it_reads(sample: Build) -> None:
    exposed = sample.manifest()["exposures"]["exposure.stammkunde.retention_review"]
    code = "".join(
        (PROJECT / "reports" / f"{module}.py").read_text(encoding="utf-8") for module in ("review", "targets")
    )
    read = {"build", "glossary", *re.findall(r"questions\.(\w+)\(", code)}
    there = {node["name"] for node in sample.manifest()["nodes"].values()}
    marts = {mart for name, mart in asked_marts().items() if name in read} & there
    assert {node.rpartition(".")[2] for node in exposed["depends_on"]["nodes"]} == marts


def test_names_of_a_shop_cannot_become_a_part_of_the_page(published: Path, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    changed = own(
        published, tmp_path, f"update marts.build set shop = '{evil}'",
        f"update marts.target_attainment set owner = '{evil}'",
        f"update marts.playbook_evidence set rule_id = '{evil}'",
        f"update marts.playbook_outcomes set rule_id = '{evil}'",
        f"update marts.retention_kpis_by_segment set dimension_value = '{evil}' where dimension <> 'all'",
    )  # fmt: skip
    with duckdb.connect(str(changed), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.target_attainment where owner like '%img%'").fetchall()
    assert "<img src=x" not in review(changed, Language("en"), "quarter")[1]
