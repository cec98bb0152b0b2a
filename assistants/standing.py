"""How the shop stands: customers by stage, what retention is worth, when they order again, who brings the revenue."""

from __future__ import annotations

from assistants.answers import Concentration, FirstPurchase, Repurchase, RetentionValue, Stage, Stages, Tenth
from assistants.arguments import AnOrder, APurchase, AWorth, Nothing
from assistants.figures import not_of_one, number
from assistants.reading import ALL, ENGLISH, GERMAN, Reading
from assistants.refusals import RefusedError, unknown
from reports import questions
from reports.overview import best_fifth
from reports.worth import sentences

STAGES = ("new", "active", "loyal", "reactivated", "at_risk", "lost")


def get_lifecycle_stages(reading: Reading, _: Nothing) -> Stages:
    rows = {row["lifecycle_stage"]: row for row in reading.rows(questions.stages())}
    if not rows:
        raise RefusedError("nobody has ordered yet, so nobody stands at a stage")
    stages = [
        Stage(
            stage=stage,
            name_en=ENGLISH.stage(stage),
            name_de=GERMAN.stage(stage),
            customers=rows[stage]["customers"],
            net_revenue=None if rows[stage]["customers"] == 1 else number(rows[stage]["net_revenue"]),
        )
        for stage in STAGES
        if stage in rows
    ]
    currency = reading.build.currency
    told = ", ".join(
        f"{ENGLISH.number(one.customers)} {one.name_en.lower()} ({ENGLISH.money(one.net_revenue, currency)})"
        for one in stages
    )
    return Stages(
        sentence=f"Customers by lifecycle stage, with what they brought to date: {told}; {reading.stand}.",
        build=reading.build,
        stages=stages,
    )


def get_retention_value(reading: Reading, asked: AWorth) -> RetentionValue:
    row = reading.rows(questions.retention_value(asked.grain))[0]
    not_of_one(row["kept_customers"])
    not_of_one(row["lost_customers"])
    because = row["missing_because"]
    told = " ".join(sentences(row, ENGLISH, reading.build.currency)).rstrip(".")
    return RetentionValue(
        sentence=f"{told}; {reading.stand}.",
        build=reading.build,
        grain=asked.grain,
        null_because=ENGLISH.say(f"worth.{because}") if because else None,
        **{name: number(value) for name, value in row.items() if name in RetentionValue.model_fields},
    )


def get_repurchase(reading: Reading, asked: AnOrder) -> Repurchase:
    key = {"from_order_number": asked.from_order_number, "day": asked.day}
    found = reading.rows(questions.figure("repurchase_curve", "survival", key))
    if not found:
        raise RefusedError(
            f"no order number {asked.from_order_number} has been observed for {asked.day} days; {reading.stand}"
        )
    row = found[0]
    not_of_one(row["at_risk"])
    low, high = ENGLISH.percent(1 - row["survival_high"]), ENGLISH.percent(1 - row["survival_low"])
    return Repurchase(
        sentence=(
            f"Within {asked.day} days after order number {asked.from_order_number}, "
            f"{ENGLISH.percent(row['repurchase_probability'])} of customers had their next order "
            f"(95 % interval {low} to {high}; {ENGLISH.number(row['at_risk'])} were observed that long without one); "
            f"{reading.stand}."
        ),
        build=reading.build,
        **{name: row[name] for name in Repurchase.model_fields if name in row},
    )


def get_first_purchase(reading: Reading, asked: APurchase) -> FirstPurchase:
    rows = {row["value"]: row for row in reading.rows(questions.first_purchases(asked.level))}
    if not rows:
        raise RefusedError(f"no first order of this shop names a {asked.level}; {reading.stand}")
    if asked.value not in rows:
        raise unknown(asked.level, asked.value, dict.fromkeys(rows, ()), "the value all")
    row = rows[asked.value]
    for counted in ("first_customers", "mature_customers", "mature_customers_365d"):
        not_of_one(row[counted])
    who = f"began with any {asked.level}" if asked.value == ALL else f"began with the {asked.level} {asked.value}"
    low, high = (ENGLISH.percent(row[f"second_order_rate_90d_{end}"]) for end in ("low", "high"))
    few = "" if row["has_enough"] else "; with fewer than 30 of them this says little"
    return FirstPurchase(
        sentence=(
            f"Of {ENGLISH.number(row['mature_customers'])} customers who {who} and were observed for 90 days, "
            f"{ENGLISH.percent(row['second_order_rate_90d'])} ordered again within them "
            f"(95 % interval {low} to {high}){few}; that it is because of it is not said; {reading.stand}."
        ),
        build=reading.build,
        **{name: number(value) for name, value in row.items()},
    )


def get_concentration(reading: Reading, _: Nothing) -> Concentration:
    rows = reading.rows(questions.concentration())
    if not rows:
        raise RefusedError("nobody has ordered yet, so no revenue is shared")
    for row in rows:
        not_of_one(row["customers"])
    return Concentration(
        sentence=f"{best_fifth(rows, ENGLISH).rstrip('.')}; {reading.stand}.",
        build=reading.build,
        tenths=[Tenth(**{name: number(value) for name, value in row.items()}) for row in rows],
    )
