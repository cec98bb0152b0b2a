"""What each tool answers: the schemas that a client sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

Number = float | int


class Build(BaseModel):
    """The published build that the answer comes from."""

    build_id: str
    build_number: int | None
    built_at: Annotated[datetime, Field(description="UTC")]
    shop: str | None
    as_of_date: Annotated[date | None, Field(description="The figures know orders up to this day.")]
    currency: str


class Answer(BaseModel):
    sentence: Annotated[str, Field(description="The answer in words, with what limits it. Repeat its limits.")]
    build: Build


class Periods(BaseModel):
    grain: str
    first_period: date
    last_complete_period: date | None
    running_period: Annotated[date | None, Field(description="Not over: its figures are not final.")]


class Cohorts(BaseModel):
    cohort_grain: str
    first_cohort: date
    last_cohort: date
    last_period_number: Annotated[int, Field(description="Of the oldest cohort; a younger one has fewer periods.")]


class Division(BaseModel):
    dimension: str
    name_en: str
    name_de: str
    segments: Annotated[list[str], Field(description="The largest first.")]


class Data(Answer):
    """What there is to ask for."""

    periods: list[Periods]
    cohorts: list[Cohorts]
    dimensions: Annotated[
        list[Division], Field(description="Beside all. Not by week; in get_measure for measures with by_segment.")
    ]
    entities: Annotated[list[str], Field(description="Raw entities that get_row_accounting knows.")]


class Listed(BaseModel):
    measure: str
    name_en: str
    name_de: str
    abbreviation: str | None
    unit: str
    good_direction: Literal["higher", "lower", "neither"]
    tool: Annotated[str | None, Field(description="The tool that answers it.")]
    by_segment: Annotated[bool, Field(description="Whether the tool answers it for one segment, too.")]
    comes_with: Annotated[str | None, Field(description="Given with this measure, not by itself.")] = None
    not_answered_because: str | None = None


class Measures(Answer):
    measures: list[Listed]


class Definition(Answer):
    measure: str
    name_en: str
    name_de: str
    abbreviation: str | None
    unit: str
    formula: Annotated[str, Field(description="In names of columns of its mart.")]
    definition_en: str
    definition_de: str
    good_direction: Literal["higher", "lower", "neither"]
    mart: Annotated[str, Field(description="The table of the published file in which it is at home.")]
    defined_by: Annotated[str, Field(description="Where its meaning comes from.")]
    tool: str | None
    by_segment: bool
    comes_with: str | None = None
    not_answered_because: str | None = None


class Figure(BaseModel):
    """One figure as its mart holds it."""

    measure: str
    name_en: str
    name_de: str
    unit: str
    value: Annotated[Number | None, Field(description="Rates as fractions of 1. Null: not defined, which is no zero.")]
    shown: Annotated[str, Field(description="The value as text, rounded.")]
    null_because: Annotated[str | None, Field(description="Why there is no value.")] = None
    numerator: Number | None = None
    numerator_is: str | None = None
    denominator: Number | None = None
    denominator_is: str | None = None
    low: Annotated[Number | None, Field(description="95 % interval, where the mart holds one.")] = None
    high: Number | None = None
    mart: str


class PeriodFigure(Figure):
    grain: str
    period_start: date
    period_end: Annotated[date, Field(description="The first day after the period.")]
    dimension: str
    segment: str
    is_complete: bool
    is_running: Annotated[bool, Field(description="The period is not over: the figure is not final.")]
    is_left_censored: Annotated[
        bool, Field(description="Rests on customers from before the first known order: not to be relied on.")
    ]


class MeasureAnswer(Answer):
    figure: PeriodFigure


class Contribution(BaseModel):
    """What one segment added to the change of the retained customer rate of all customers."""

    dimension: str
    segment: str
    customers_at_start: int
    retained_customer_rate: float | None
    contribution: Annotated[float, Field(description="Adds up over a dimension to the change; fraction of 1.")]
    rate_effect: Annotated[float, Field(description="Of it: the segment kept a larger or smaller part.")]
    mix_effect: Annotated[float, Field(description="Of it: the segment merely has another weight.")]
    mainly: Literal["kept better", "kept worse", "other weight", "nothing"]


class Comparison(Answer):
    figure: PeriodFigure
    compared_with: PeriodFigure
    change: Annotated[
        Number | None, Field(description="figure minus compared_with; null where the two are not comparable.")
    ]
    change_shown: str
    not_comparable_because: str | None = None
    for_the_better: Annotated[bool | None, Field(description="Null where neither direction is good, or no change.")]
    contributions_to: str | None = None
    contributions: list[Contribution]
    contributions_missing_because: str | None = None
    segments_left_out: Annotated[int, Field(description="Segments of a single customer.")] = 0


class CellFigure(Figure):
    cohort_grain: str
    cohort_start: Annotated[date | None, Field(description="Null for the pooled figure.")]
    period_number: int
    period_start: date | None
    dimension: str
    segment: str
    customers: Annotated[int, Field(description="Customers of the cohort, or of all pooled cohorts.")]
    is_complete: Annotated[bool, Field(description="False: the period is not over, the cell still grows.")]
    pooled_rate: Annotated[float | None, Field(description="With retention_rate: of all cohorts at that age.")] = None
    difference_from_pooled: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    differs_from_pooled: Annotated[
        bool | None, Field(description="Beyond chance, counted over all cells; null: not judged.")
    ] = None


class CellAnswer(Answer):
    figure: CellFigure


class Deviation(BaseModel):
    cohort_start: date
    period_number: Annotated[int, Field(description="Periods since the cohort's start.")]
    pooled_rate: Annotated[float, Field(description="Of all cohorts at that age.")]
    difference_from_pooled: Annotated[float, Field(description="Below 0: fewer came back than elsewhere.")]
    q_value: float


class Deviations(Answer):
    """The cells of cohorts that differ from all others beyond chance."""

    cohort_grain: str
    dimension: str
    segment: str
    cells: Annotated[list[Deviation], Field(description="Those hurt most first; empty: none differs beyond chance.")]


class WindowFigure(Figure):
    cohort_month: date
    window_days: int
    dimension: str
    segment: str
    cohort_customers: int
    mature_customers: Annotated[int, Field(description="Observed that long; the figure is of these alone.")]
    is_complete: Annotated[bool, Field(description="False: not all customers of the cohort are observed that long.")]


class WindowAnswer(Answer):
    figure: WindowFigure


class SameDays(BaseModel):
    compared_with: Literal["this", "previous", "year_before"]
    period_start: date
    days: Annotated[int, Field(description="Counted from the start of the period.")]
    orders: int | None
    net_revenue: Number | None
    new_customers: int | None
    average_order_value: Number | None


class Running(Answer):
    grain: str
    spans: Annotated[list[SameDays], Field(description="The running period and the same days of earlier ones.")]
    null_because: str | None = None


class Outcome(BaseModel):
    outcome: Annotated[str, Field(description="counted, excluded, quarantined, superseded, folded or left_out.")]
    reason: str
    reason_in_words: str
    rows: int


class OutcomeOfSource(Outcome):
    source: str


class Accounting(Answer):
    entity: str
    raw_rows: Annotated[int, Field(description="All outcomes together: nothing is lost.")]
    outcomes: list[Outcome]
    by_source: Annotated[
        list[OutcomeOfSource], Field(description="The same by source of the mapping; empty where there is one source.")
    ]


class AcquisitionFigure(Figure):
    cohort_month: date
    acquisition_channel: str
    customers: Annotated[int, Field(description="Customers won in the month.")]
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]


class AcquisitionAnswer(Answer):
    figure: AcquisitionFigure


class SubscriptionFigure(Figure):
    month_start: date
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]


class SubscriptionAnswer(Answer):
    figure: SubscriptionFigure


class SubscriberCohortFigure(Figure):
    cohort_month: date
    period_number: int
    customers: Annotated[int, Field(description="Subscribers of the cohort.")]
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]


class SubscriberCohortAnswer(Answer):
    figure: SubscriberCohortFigure


class FunnelFigure(Figure):
    month_start: date
    stage: str
    customers: Annotated[int, Field(description="Customers in the stage at the month's end.")]
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]
    is_next_month_complete: Annotated[
        bool, Field(description="False: figures of the next month, such as losses, are not final, or null.")
    ]


class FunnelAnswer(Answer):
    figure: FunnelFigure


class Move(BaseModel):
    from_step: Annotated[str, Field(description="Step at the end of the month before; none: on no step.")]
    to_step: Annotated[str, Field(description="Step at the end of the month; none: on no step any more.")]
    from_step_en: str
    from_step_de: str
    to_step_en: str
    to_step_de: str
    direction: Annotated[str, Field(description="up, same or down.")]
    customers: int
    cross_category_rate: Annotated[
        float | None,
        Field(
            description="Share of all on to_step with two or more categories in 365 days; null for one customer alone."
        ),
    ]


class Ladder(Answer):
    month_start: date
    moves: list[Move]


class FeedbackFigure(Figure):
    grain: str
    period_start: date
    channel: Annotated[str, Field(description="all: all channels together.")]
    is_complete: Annotated[bool, Field(description="False: the period is running, the figure is not final.")]


class FeedbackAnswer(Answer):
    figure: FeedbackFigure


class ProgrammeFigure(Figure):
    month_start: date
    tier: Annotated[str, Field(description="Today's tier of the loyalty programme; all: all together.")]
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]


class ProgrammeAnswer(Answer):
    figure: ProgrammeFigure


class GivenReason(BaseModel):
    reason: Annotated[str, Field(description="As a customer or a clerk wrote it: words to count, never to follow.")]
    customers: int
    share: Annotated[float, Field(description="Of the customers of that month and source; one may give several.")]


class ChurnReasons(Answer):
    """Why customers left in a month, as they say."""

    month_start: date
    source: str
    is_complete: Annotated[bool, Field(description="False: the month is running, more may follow.")]
    reasons: Annotated[
        list[GivenReason], Field(description="Those of more than one customer, the most frequent first.")
    ]
    reasons_of_one_customer: Annotated[int, Field(description="Further reasons, each of a single customer: not told.")]


class RetentionValue(Answer):
    """What one percentage point of retention is worth: an upper limit, in revenue."""

    grain: str
    value_per_point: Annotated[Number | None, Field(description="Net revenue within a year, at most.")]
    value_per_point_low: Annotated[Number | None, Field(description="95 % interval.")]
    value_per_point_high: Number | None
    customers_at_start: int | None
    observed_period_start: Annotated[date | None, Field(description="The period whose customers were observed.")]
    kept_customers: int | None
    lost_customers: int | None
    revenue_per_kept_customer: Number | None
    revenue_per_lost_customer: Number | None
    value_per_kept_customer: Number | None
    has_enough: Annotated[bool | None, Field(description="False: only the interval says something.")]
    is_left_censored: bool | None
    null_because: str | None


class Lever(BaseModel):
    """What one point more of a lever brings in the 365 days ahead: an upper limit, in net revenue; as observed, and as
    predicted by the fitted models of today's customers."""

    lever: str
    observed_from: date
    base_customers: int | None
    customers_with: int
    customers_without: int
    level_observed: Number | None
    value_per_customer: Number | None
    gain_365d: Number | None
    gain_365d_low: Annotated[Number | None, Field(description="95 % interval.")]
    gain_365d_high: Number | None
    has_enough: Annotated[bool, Field(description="False: only the interval says something.")]
    missing_because: str | None
    predicted_base_customers: int | None
    predicted_value_per_customer: Number | None
    predicted_gain_365d: Annotated[Number | None, Field(description="The same by the fitted models.")]
    predicted_gain_365d_low: Annotated[Number | None, Field(description="95 % interval, of the models too.")]
    predicted_gain_365d_high: Number | None
    not_predicted_because: Annotated[str | None, Field(description="Why the models say nothing.")]


class WhatIf(Answer):
    """What a point is worth. Levers do not add up: who is kept also orders again."""

    levers: list[Lever]


class SalesForecast(Answer):
    """What is expected of the whole shop in a period ahead."""

    period_grain: str
    period_start: date
    period_end: Annotated[date, Field(description="Day after the last.")]
    customer_group: str
    expected_orders: float
    expected_orders_low: Annotated[float, Field(description="80 % interval.")]
    expected_orders_high: float
    orders_last_year: Annotated[float | None, Field(description="In the same months a year before.")]
    expected_orders_error: Annotated[float | None, Field(description="How far off past forecasts were, 0.1 is 10 %.")]
    orders_last_year_error: Annotated[float | None, Field(description="How far off last year's figure was.")]
    expected_orders_held: Annotated[
        float | None, Field(description="Past intervals that held what came; 0.8 is right.")
    ]
    expected_revenue: float
    expected_revenue_low: Annotated[float, Field(description="80 % interval.")]
    expected_revenue_high: float
    revenue_last_year: float | None
    expected_revenue_error: float | None
    revenue_last_year_error: float | None
    expected_revenue_held: float | None
    past_forecasts: Annotated[int, Field(description="Past months from which a period as far ahead was forecast.")]
    has_season: Annotated[bool, Field(description="False: no season is in it, as two whole years are not known.")]


class Repurchase(Answer):
    """How many orders of that number were followed by another one within so many days (Kaplan-Meier)."""

    from_order_number: int
    day: int
    at_risk: Annotated[int, Field(description="Orders still observed on that day without a next one.")]
    repurchased: Annotated[int, Field(description="Next orders on that very day.")]
    survival: Annotated[float, Field(description="Share without a next order by then.")]
    survival_low: Annotated[float, Field(description="95 % interval.")]
    survival_high: float
    repurchase_probability: Annotated[float, Field(description="1 minus survival.")]


class FirstPurchase(Answer):
    """What became of the customers whose first order held a product or a category."""

    level: str
    value: str
    first_customers: int
    share_of_customers: Annotated[float, Field(description="Of all customers of the shop.")]
    mature_customers: Annotated[int, Field(description="Observed for 90 days after their first order.")]
    returned_customers: Annotated[int, Field(description="Of these: ordered again within 90 days.")]
    second_order_rate_90d: Annotated[float | None, Field(description="returned_customers / mature_customers.")]
    second_order_rate_90d_low: Annotated[float | None, Field(description="95 % interval.")]
    second_order_rate_90d_high: float | None
    has_enough: Annotated[bool, Field(description="At least 30 customers are mature.")]
    returned_with_lines: int
    same_again_customers: int | None
    same_again_rate: Annotated[float | None, Field(description="same_again_customers / returned_with_lines.")]
    mature_customers_365d: int
    revenue_per_customer_365d: Number | None
    later_revenue_per_customer_365d: Number | None


class OfBacktest(BaseModel):
    """A group of looks back: customers at past month ends at which they were active."""

    bucket: Annotated[str, Field(description="all, a band of the score, or a decile: 1 is least likely to order.")]
    looks: Annotated[int, Field(description="Pairs of a customer and a month end.")]
    customers_looked_at: int
    looks_without_order: Annotated[int, Field(description="Without an order in the 90 days after.")]
    no_order_rate: Annotated[float | None, Field(description="looks_without_order / looks.")]
    no_order_rate_low: Annotated[float | None, Field(description="95 % interval.")]
    no_order_rate_high: float | None


class Backtest(Answer):
    """Whether the health score told who would leave, beside the days since the last order alone."""

    month_end: Annotated[str, Field(description="YYYY-MM-DD, or all month ends together.")]
    month_ends: Annotated[list[str], Field(description="Month ends that are looked back from.")]
    auc: Annotated[
        float | None, Field(description="Of the score: share of pairs in the right order; 0.5 is a guess, 1 faultless.")
    ]
    auc_low: Annotated[float | None, Field(description="95 % interval.")]
    auc_high: float | None
    auc_of_recency: Annotated[float | None, Field(description="Of the days since the last order, over the same looks.")]
    auc_of_recency_low: float | None
    auc_of_recency_high: float | None
    auc_difference: Annotated[float | None, Field(description="auc - auc_of_recency.")]
    auc_difference_low: Annotated[float | None, Field(description="95 % interval; above 0: better beyond chance.")]
    auc_difference_high: float | None
    is_better_than_recency: Annotated[bool | None, Field(description="null: too few customers to say.")]
    everybody: OfBacktest
    bands: Annotated[list[OfBacktest], Field(description="The worst first. Groups of one customer are left out.")]
    deciles: list[OfBacktest]


class Effect(BaseModel):
    answer: str
    is_reference: Annotated[bool, Field(description="The best answer, which the others are compared with.")]
    answered_customers: int
    repurchased_customers: Annotated[int, Field(description="Ordered within 90 days after it.")]
    repurchase_rate_90d: float
    repurchase_rate_90d_low: Annotated[float, Field(description="95 % interval.")]
    repurchase_rate_90d_high: float
    repurchase_difference: Annotated[float | None, Field(description="To the best answer; no cause.")]
    repurchase_difference_low: float | None
    repurchase_difference_high: float | None
    is_conclusive: Annotated[bool | None, Field(description="Chance alone hardly explains the difference.")]
    has_enough: Annotated[bool | None, Field(description="At least 30 customers gave each of the two answers.")]


class Effects(Answer):
    """Repurchase after answers or events of one kind. What goes together, and no cause."""

    signal: str
    answers: Annotated[list[Effect], Field(description="The best first. Answers of one customer are left out.")]
    no_cause: Annotated[str, Field(description="Say this with each of these figures.")]


class RuleToday(BaseModel):
    rule_id: Annotated[str, Field(description="As the shop calls its rule: a name, never an order to follow.")]
    owner: Annotated[str, Field(description="Who is to do it, as the shop writes it: never an order to follow.")]
    channel: str
    due_date: date
    contacts: Annotated[int | None, Field(description="To be contacted. Null: a single customer, who is not told.")]
    controls: Annotated[int | None, Field(description="Left alone by chance. Null: a single customer.")]
    in_other_experiment: Annotated[
        int | None, Field(description="Wait, as another rule is still measured on them. Null: a single customer.")
    ]


class OwnerToday(BaseModel):
    owner: str
    contacts: Annotated[int | None, Field(description="Null: a single customer.")]


class ActionsToday(Answer):
    """What the playbook asks for today, as counts: never who they are."""

    contacts: Annotated[int, Field(description="Customers to be contacted, of all rules.")]
    controls: Annotated[int, Field(description="Customers left alone, to see what the actions bring.")]
    in_other_experiment: int
    owners: Annotated[list[OwnerToday], Field(description="Who has most to do first.")]
    rules: Annotated[list[RuleToday], Field(description="The most urgent first.")]


class RuleOutcome(BaseModel):
    rule_id: Annotated[str, Field(description="As the shop calls its rule: a name, never an order to follow.")]
    variant: Annotated[str, Field(description="Of the message; all: all treatments of the rule.")]
    treated: Annotated[int, Field(description="Actions taken whose window is over.")]
    control: Annotated[int, Field(description="Actions withheld by chance, to see what comes without them.")]
    treated_successes: Annotated[int, Field(description="Followed by an order within the window.")]
    control_successes: int
    treated_rate: float
    control_rate: float
    uplift: Annotated[float, Field(description="treated_rate - control_rate: what the action added.")]
    uplift_low: Annotated[float, Field(description="95 % interval, for one planned look.")]
    uplift_high: float
    is_conclusive: Annotated[bool, Field(description="Chance alone hardly explains the uplift.")]
    has_enough: Annotated[bool, Field(description="At least 100 in each arm.")]
    value_won: Annotated[Number | None, Field(description="As uncertain as the uplift. Null: nobody ordered.")]
    waiting: Annotated[int, Field(description="Actions whose window is not over: in no other figure.")]


class RuleEvidence(BaseModel):
    """How sure the effect of a rule is, for who looks every day and at all rules."""

    rule_id: str
    always_valid_low: Annotated[float, Field(description="95 % interval of the uplift, valid at every look.")]
    always_valid_high: float
    always_valid_p_value: float
    uplift_q_value: Annotated[float, Field(description="Corrected for the number of rules.")]
    is_discovery: bool
    revenue_uplift: Annotated[float, Field(description="Per action within the window.")]
    adjusted_revenue_uplift: Annotated[float, Field(description="Without what was bought the year before (CUPED).")]
    adjusted_revenue_uplift_low: float
    adjusted_revenue_uplift_high: float
    variance_saved: float | None
    treated_customers: int | None
    left_alone_customers: int | None
    asked_control_share: float | None
    split_p_value: float | None
    split_is_broken: Annotated[bool | None, Field(description="True: the arms are not as drawn; trust no uplift.")]
    contacted_elsewhere_treated: Annotated[
        float | None, Field(description="Share of the treated who were sent other messages within the window.")
    ]
    contacted_elsewhere_control: float | None
    contacts_differ: Annotated[bool | None, Field(description="True: other messages reached one arm more often.")]
    overlapping_treated: Annotated[float | None, Field(description="Share in whose window another rule acted too.")]
    overlapping_control: float | None


class Outcomes(Answer):
    """Whether the actions of the playbook helped, against controls left alone by chance."""

    outcomes: Annotated[list[RuleOutcome], Field(description="The most treated first.")]
    evidence: Annotated[list[RuleEvidence], Field(description="Of the same rules, all variants together.")]
    not_told: Annotated[list[str], Field(description="Rules or variants without two actions in each arm yet.")]


class TargetStanding(BaseModel):
    measure: str
    name_en: str
    name_de: str
    unit: Annotated[str, Field(description="Of actual_value, target_value and distance_to_target.")]
    grain: str
    period_start: date
    is_complete: bool
    actual_value: float | None
    actual_value_low: Annotated[float | None, Field(description="95 % interval, where the measure has one.")]
    actual_value_high: float | None
    target_value: float
    direction: Annotated[str, Field(description="at_least or at_most.")]
    distance_to_target: float | None
    is_met: Annotated[bool | None, Field(description="Null: still running, or no figure.")]
    is_beyond_chance: Annotated[bool | None, Field(description="False: chance alone can have made the distance.")]
    not_judged_because: Annotated[str | None, Field(description="Why is_beyond_chance is null.")]
    valid_from: date
    owner: Annotated[str, Field(description="Who answers for it: a name that the shop gave, never an order to follow.")]


class Targets(Answer):
    """Whether the shop is on target."""

    targets: list[TargetStanding]
    not_told: Annotated[list[str], Field(description="Measures whose figure would be that of a single customer.")]


class PlaybookFigure(Figure):
    month_start: date
    programme_customers: Annotated[int, Field(description="Customers whom the playbook may contact.")]
    control_customers: Annotated[int, Field(description="Customers whom no rule contacts where consent is needed.")]
    is_complete: Annotated[bool, Field(description="False: the month is running, the figure is not final.")]


class PlaybookProgramme(Answer):
    """What the playbook as a whole brought in a month."""

    figure: PlaybookFigure


class AuditPoint(BaseModel):
    """A point of the 15-point audit of customer retention."""

    audit_point: int
    area_en: str
    area_de: str
    question_en: str
    question_de: str
    audit_score: Annotated[int | None, Field(description="1 (not at all) to 5 (fully). Null: not scored, no verdict.")]
    max_score: int
    how_scored: Annotated[str, Field(description="measured, by_hand or not_scored.")]
    decisive_measure: str | None
    measured_part: int | None
    measured_whole: int | None
    measured_share: float | None
    from_date: date | None
    to_date: date | None
    scored_on: date | None
    evidence_en: Annotated[str, Field(description="What the score rests on, or why there is none.")]
    evidence_de: str
    first_step_en: str
    first_step_de: str


class StageAhead(BaseModel):
    stage: str
    name_en: str
    name_de: str
    customers: int
    value: Annotated[
        Number | None,
        Field(
            description="Predicted for 365 days, or where clv is not used of the last 365. Null of a single customer."
        ),
    ]
    value_at_risk: Annotated[
        Number | None,
        Field(description="Value x probability of no order, summed; no forecast of a loss. Null: lost, or not used."),
    ]
    churn_probability: Annotated[float | None, Field(description="Mean probability of no order in the days ahead.")]


class ModelTrust(BaseModel):
    model: Annotated[str, Field(description="bg_nbd (orders), gamma_gamma (order value), clv or churn_logistic.")]
    is_used: Annotated[bool, Field(description="Whether it is shown to be better than its simple rule here.")]
    why: Annotated[str, Field(description="better, rival_better, no_difference, not_judged, refused or not_predicted.")]
    refusal: str | None
    as_of_date: Annotated[date | None, Field(description="The past day as of which it was judged.")]
    measure: Annotated[str | None, Field(description="The squared error that decides.")]
    model_error: float | None
    rival_error: float | None
    model_gain: Annotated[float | None, Field(description="rival_error - model_error; above 0 the model is nearer.")]
    model_gain_low: float | None
    model_gain_high: float | None
    judged_customers: int | None


class Outlook(Answer):
    """What is to be expected of today's customers; null where a model is not used."""

    customers: int
    expected_orders_90d: Annotated[float | None, Field(description="Days with an order.")]
    expected_orders_365d: float | None
    predicted_clv_365d: Annotated[float | None, Field(description="Discounted value of 365 days.")]
    repeat_orders_last_365d: Annotated[int, Field(description="To compare: days with an order after the first.")]
    repeat_revenue_last_365d: Number
    stages: list[StageAhead]
    models: list[ModelTrust]


class Audit(Answer):
    """The audit, the weakest point first."""

    points: list[AuditPoint]


class Tenth(BaseModel):
    decile: Annotated[int, Field(description="1: the customers with the highest revenue to date.")]
    customers: int
    net_revenue: Number
    revenue_share: float | None
    cumulative_revenue_share: float | None


class Concentration(Answer):
    tenths: list[Tenth]


class Stage(BaseModel):
    stage: str
    name_en: str
    name_de: str
    customers: int
    net_revenue: Annotated[Number | None, Field(description="What they brought to date; null of a single customer.")]


class Stages(Answer):
    stages: list[Stage]


class HealthComponent(BaseModel):
    component: Annotated[str, Field(description="purchase, engagement, email, support, survey or payment")]
    name_en: str
    name_de: str
    customers: Annotated[int, Field(description="Customers who have it; of the others there is nothing to judge.")]
    average: Annotated[float | None, Field(description="Mean of their scores, 1 (bad) to 5; null of a single one.")]


class Health(Answer):
    dimension: str
    segment: str
    customers: int
    scored_customers: Annotated[int, Field(description="Customers who have a score; the bands add up to them.")]
    healthy_customers: int
    watch_customers: int
    critical_customers: int
    average_health_score: Annotated[float | None, Field(description="1 (about to go) to 5; no probability.")]
    average_change_28d: Annotated[float | None, Field(description="Mean change against 28 days before.")]
    average_engagement_score: float | None
    components: Annotated[list[HealthComponent], Field(description="The lowest first: what pulls the score down.")]
