"""What is to be expected, by models that are shown to be better than their simple rule here; never of a person."""

from __future__ import annotations

from assistants.answers import ModelTrust, Outlook, StageAhead
from assistants.arguments import Nothing
from assistants.figures import not_of_one, number
from assistants.reading import ENGLISH, GERMAN, Reading
from assistants.refusals import RefusedError
from reports import outlook, questions
from reports.outlook.trust import Trusted
from reports.outlook.value_at_risk import AtRisk
from reports.questions import Row


def get_outlook(reading: Reading, _: Nothing) -> Outlook:
    total = reading.rows(questions.outlook())[0]
    if not total["customers"]:
        raise RefusedError(f"nobody has ordered yet, so nothing is to be expected; {reading.stand}")
    not_of_one(total["customers"])
    found = outlook.trust.known_trust(reading.rows)
    if outlook.trust.is_nothing(found):
        raise RefusedError(f"{ENGLISH.say('outlook.nothing_predicted').rstrip('.')}; {reading.stand}")
    currency = reading.build.currency
    told = outlook.expected.sentences(total, found, {}, ENGLISH, currency)
    orders, value = found[outlook.trust.ORDERS].is_used, found[outlook.trust.CLV].is_used
    return Outlook(
        sentence=f"{' '.join(told)} {reading.stand[0].upper()}{reading.stand[1:]}.",
        build=reading.build,
        customers=total["customers"],
        expected_orders_90d=total["expected_orders_90d"] if orders else None,
        expected_orders_365d=total["expected_orders_365d"] if orders else None,
        predicted_clv_365d=total["predicted_clv_365d"] if value else None,
        repeat_orders_last_365d=total["orders_365d"],
        repeat_revenue_last_365d=number(total["net_revenue_365d"]),
        stages=[ahead(row, found) for row in outlook.value_at_risk.by_stage(reading.rows(questions.value_at_risk()))],
        models=[ModelTrust(**one.row) for one in found.values() if one.row],
    )


def ahead(row: Row, found: Trusted) -> StageAhead:
    """A stage of a single customer has no figures: they would be that person's."""
    told: AtRisk = outlook.value_at_risk.columns_told(found)
    alone = row["customers"] == 1
    stage = row["lifecycle_stage"]
    return StageAhead(
        stage=stage,
        name_en=ENGLISH.stage(stage),
        name_de=GERMAN.stage(stage),
        customers=row["customers"],
        value=None if alone else number(row[told.value]),
        value_at_risk=None if alone or told.at_risk is None else number(row[told.at_risk]),
        churn_probability=None if alone or told.at_risk is None else row["churn_probability"],
    )
