"""The 15-point audit of customer retention: where it is weakest, by what evidence."""

from __future__ import annotations

from assistants.answers import Audit, AuditPoint
from assistants.arguments import Nothing
from assistants.reading import ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions
from reports.audit import WEAKEST, scored, total
from reports.questions import Row

BY_HAND = "by_hand"


def get_retention_audit(reading: Reading, _: Nothing) -> Audit:
    rows = reading.rows(questions.retention_audit())
    if not rows:
        raise RefusedError(f"nobody has ordered yet, so nothing can be audited; {reading.stand}")
    weakest = "; ".join(
        f"point {row['audit_point']} ({row['question_en']}) has {row['audit_score']}" for row in scored(rows)[:WEAKEST]
    )
    return Audit(
        sentence=(
            f"{total(rows, ENGLISH).rstrip('.')}; {f'weakest: {weakest}; ' if weakest else ''}"
            f"a point without a score is neither good nor bad; {reading.stand}."
        ),
        build=reading.build,
        points=[point_of(row) for row in rows],
    )


def point_of(row: Row) -> AuditPoint:
    """Notes that somebody wrote beside a score by hand stay where they are."""
    told = {name: value for name, value in row.items() if name in AuditPoint.model_fields}
    if row["how_scored"] == BY_HAND:
        told["evidence_en"] = f"Scored by hand on {row['scored_on']}."
        told["evidence_de"] = f"Von Hand bewertet am {row['scored_on']:%d.%m.%Y}."
    return AuditPoint(**told)
