"""What is looked up in another file: by a key of several columns, and by what was looked up before."""

from pathlib import Path

import pytest

from intake.errors import IntakeError
from intake.prepare import prepare
from tests.test_connectors import rows_of

MAPPING = """
lookups:
  responses: {files: responses.csv, by: id}
  questions: {files: questions.csv, by: "{survey}:{id}"}
entities:
  activities:
    files: answers.csv
    join:
      survey: {to: responses, on: response}
      asked: {to: questions, on: "{survey.survey}:{question}"}
    columns:
      activity_id: key
      customer_id: survey.customer
      occurred_at: survey.day
      activity_type: asked.tag
"""
FILES = {
    "responses.csv": "id,survey,customer,day\nr1,A,1,2024-01-01\nr2,B,2,2024-01-02\nr3,,3,2024-01-03\n",
    "questions.csv": "survey,id,tag\nA,Q1,nps\nB,Q1,csat\nAQ,1,neither\n",
    "answers.csv": "key,response,question\na1,r1,Q1\na2,r2,Q1\na3,r2,Q2\na4,r3,Q1\na5,r9,Q1\n",
}


def folder(tmp_path: Path, mapping: str) -> Path:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, text in FILES.items():
        (raw / name).write_text(text)
    (raw / "mapping.yml").write_text(mapping)
    return raw


def test_a_key_of_several_columns_may_come_from_what_was_looked_up_before(tmp_path: Path) -> None:
    """Each survey has a question Q1; a part of the key that is empty, or unknown, finds nothing."""
    prepared = prepare(folder(tmp_path, MAPPING), tmp_path / "out", elsewhere=["orders"])
    found = {row["activity_id"]: row for row in rows_of(prepared, "activities")}
    assert {name: row["activity_type"] for name, row in found.items()} == {
        "a1": "nps", "a2": "csat", "a3": "", "a4": "", "a5": "",
    }  # fmt: skip
    assert found["a3"]["occurred_at"].startswith("2024-01-02")
    assert found["a5"]["occurred_at"] == ""


def test_what_is_looked_up_needs_a_name_of_its_own(tmp_path: Path) -> None:
    raw = folder(tmp_path, MAPPING.replace("asked: {", "question: {").replace("asked.tag", "question.tag"))
    with pytest.raises(IntakeError, match="join 'question' is called like a column of"):
        prepare(raw, tmp_path / "out", elsewhere=["orders"])


def test_what_was_looked_up_is_not_a_column_that_is_called_alike(tmp_path: Path) -> None:
    """`answer.day` is read of the row that was found, though the file has a column answer_day."""
    mapping = MAPPING.replace("survey: {to: responses, on: response}", "answer: {to: responses, on: response}")
    mapping = mapping.replace("survey.", "answer.")
    raw = folder(tmp_path, mapping)
    (raw / "answers.csv").write_text("key,response,question,answer_day,answer_customer\na1,r1,Q1,2020-01-01,9\n")
    (row,) = rows_of(prepare(raw, tmp_path / "out", elsewhere=["orders"]), "activities")
    assert (row["activity_type"], row["customer_id"], row["occurred_at"][:10]) == ("nps", "1", "2024-01-01")
