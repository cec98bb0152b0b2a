"""What readers ask of the published file: the one place that knows its marts and columns.

A question is SQL that selects; whoever asks it opens the file, reads and closes it, so that no publish waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from stammkunde.database import identifier, rows
from stammkunde.errors import StammkundeError
from stammkunde.published import opened

Row = Mapping[str, Any]


class MissingMartError(StammkundeError):
    """The published build comes from a version that did not have this mart, or a column of it, yet."""

    def __init__(self, mart: str) -> None:
        super().__init__(f"the published build has no marts.{mart} with these columns: the next refresh brings it")
        self.mart = mart


@dataclass(frozen=True)
class Question:
    """Rows of one mart."""

    mart: str
    sql: str
    values: tuple[object, ...] = ()


Asking = Callable[[Question], list[dict[str, Any]]]
Made = TypeVar("Made")


def answer(published: Path, question: Question) -> list[dict[str, Any]]:
    """The rows that answer a question. Raises PublishedFileError, MissingMartError."""
    with opened(published) as connection:
        return ask(connection, question)


def ask(connection: duckdb.DuckDBPyConnection, question: Question) -> list[dict[str, Any]]:
    """The same of a file that is open: what one connection is asked is of one build. Raises MissingMartError."""
    try:
        return rows(connection, question.sql, question.values)
    except (duckdb.CatalogException, duckdb.BinderException):
        raise MissingMartError(question.mart) from None


def of_one_build(published: Path, make: Callable[[Asking, Row], Made]) -> Made:
    """What is made of many answers, all of one build: a connection sees that of its first query to its last.

    Raises PublishedFileError.
    """
    with opened(published) as connection:
        asked = cache(partial(ask, connection))  # parts ask the same things
        return make(asked, asked(build())[0])


def build() -> Question:
    """What the figures stand on; one row."""
    return Question(
        "build",
        """
        select build_id, build_number, built_at, as_of_date, first_order_date, reporting_currency, shop
        from marts.build
        """,
    )


def settings() -> Question:
    """The settings that this build was made with, as JSON; one row."""
    return Question("build", "select settings from marts.build")


def glossary() -> Question:
    return Question(
        "kpi_glossary",
        """
        select kpi, mart, unit, name_en, name_de, abbreviation, formula, definition_en, definition_de, good_direction
        from marts.kpi_glossary
        """,
    )


def kpis(grain: str) -> Question:
    """All KPIs of each period, oldest first."""
    return Question(
        "retention_kpis",
        """
        select
            period_grain, period_start, period_end, is_complete, is_left_censored,
            customers_at_start, churned_customers, new_customers, new_customers_lost, reactivated_customers,
            customers_at_end, retained_customers,
            customer_retention_rate, retained_customer_rate, retained_customer_rate_low, retained_customer_rate_high,
            customer_churn_rate,
            purchasing_customers, orders, net_revenue, average_order_value, purchase_frequency, repeat_customer_rate,
            returning_customers, returning_revenue, returning_revenue_share,
            net_revenue_retention, clv_by_lifespan, clv_by_retention, historic_clv
        from marts.retention_kpis
        where period_grain = ?
        order by period_start
        """,
        (grain,),
    )


def kpis_named(grain: str, names: Sequence[str]) -> Question:
    """The KPIs of these names of each period, oldest first."""
    return Question(
        "retention_kpis",
        f"""
        select period_start, {", ".join(map(identifier, names))}
        from marts.retention_kpis
        where period_grain = ?
        order by period_start
        """,
        (grain,),
    )


def segments(grain: str, start: date) -> Question:
    """What each segment had to do with the retention of one period, everybody included."""
    return Question(
        "retention_kpis_by_segment",
        """
        select
            dimension, dimension_value, customers_at_start, churned_customers, customers_at_end,
            retained_customer_rate, retained_customer_rate_low, retained_customer_rate_high,
            retained_rate_contribution, rate_effect, mix_effect,
            retained_rate_contribution_year_before, rate_effect_year_before, mix_effect_year_before, is_left_censored
        from marts.retention_kpis_by_segment
        where period_grain = ? and period_start = ?
        order by dimension, customers_at_start desc, dimension_value
        """,
        (grain, start),
    )


def running_period(grain: str) -> Question:
    """The running period and the same days of the one before and of the year before."""
    return Question(
        "running_period",
        """
        select compared_with, period_start, days, orders, net_revenue, new_customers, average_order_value
        from marts.running_period
        where period_grain = ?
        """,
        (grain,),
    )


def retention_value(grain: str) -> Question:
    """What a percentage point of retention is worth; one row."""
    return Question(
        "retention_value",
        """
        select
            period_grain, period_start, customers_at_start, retained_customer_rate, observed_period_start,
            is_left_censored, kept_customers, lost_customers, revenue_per_kept_customer, revenue_per_lost_customer,
            value_per_kept_customer, value_per_point, value_per_point_low, value_per_point_high, has_enough,
            missing_because
        from marts.retention_value
        where period_grain = ?
        """,
        (grain,),
    )


def concentration() -> Question:
    """Customers by tenths, those with the highest revenue first."""
    return Question(
        "customer_concentration",
        """
        select decile, customers, net_revenue, revenue_share, cumulative_revenue_share
        from marts.customer_concentration
        order by decile
        """,
    )


def dimensions() -> Question:
    """What cohorts are divided by, and into what; the largest segments first."""
    return Question(
        "cohort_retention",
        """
        select dimension, dimension_value, sum(cohort_customers) as customers
        from marts.cohort_retention
        where cohort_grain = 'month' and period_number = 0
        group by dimension, dimension_value
        order by dimension, customers desc, dimension_value
        """,
    )


def cohorts(grain: str, dimension: str, value: str) -> Question:
    """All cells of the cohorts of one segment, in the order of reading."""
    return Question(
        "cohort_retention",
        """
        select
            cohort_start, period_number, period_start, is_complete, cohort_customers, active_customers,
            retention_rate, retention_rate_low, retention_rate_high,
            active_or_later_customers, unbounded_retention_rate, returned_by_customers, returned_by_rate,
            orders, net_revenue, cumulative_revenue_per_customer
        from marts.cohort_retention
        where cohort_grain = ? and dimension = ? and dimension_value = ?
        order by cohort_start, period_number
        """,
        (grain, dimension, value),
    )


def deviations(grain: str, dimension: str, value: str) -> Question:
    """Which cells differ from the pooled rate by more than chance."""
    return Question(
        "cohort_deviations",
        """
        select cohort_start, period_number, pooled_rate, difference_from_pooled, q_value, differs_from_pooled
        from marts.cohort_deviations
        where cohort_grain = ? and dimension = ? and dimension_value = ?
        order by cohort_start, period_number
        """,
        (grain, dimension, value),
    )


def pooled(grain: str, dimension: str) -> Question:
    """The pooled curves of all segments of a dimension, over complete cells."""
    return Question(
        "retention_curve",
        """
        select
            dimension_value, period_number, cohorts, eligible_customers, active_customers,
            retention_rate, retention_rate_low, retention_rate_high, returned_by_rate, cumulative_revenue_per_customer
        from marts.retention_curve
        where cohort_grain = ? and dimension = ?
        order by dimension_value, period_number
        """,
        (grain, dimension),
    )


def cohort_years(dimension: str, value: str) -> Question:
    """Revenue by month and the year in which its customers were won."""
    return Question(
        "cohort_retention",
        """
        select
            period_start, extract(year from cohort_start) as cohort_year, bool_and(is_complete) as is_complete,
            sum(net_revenue) as net_revenue, sum(orders) as orders
        from marts.cohort_retention
        where cohort_grain = 'month' and dimension = ? and dimension_value = ?
        group by period_start, extract(year from cohort_start)
        order by period_start, cohort_year
        """,
        (dimension, value),
    )


def windows(dimension: str, value: str) -> Question:
    """What customers of each month had done 30 to 365 days after their own first order."""
    return Question(
        "cohort_windows",
        """
        select
            cohort_month, window_days, cohort_customers, mature_customers, returned_customers,
            returned_rate, returned_rate_low, returned_rate_high, orders, net_revenue, revenue_per_customer, is_mature
        from marts.cohort_windows
        where dimension = ? and dimension_value = ?
        order by cohort_month, window_days
        """,
        (dimension, value),
    )


def first_purchases(level: str, most: int | None = None) -> Question:
    """What became of the customers who began with each product or category; the most customers first, no more than
    `most` values."""
    return Question(
        "first_product_retention",
        """
        select
            level, value, first_customers, share_of_customers, mature_customers, returned_customers,
            second_order_rate_90d, second_order_rate_90d_low, second_order_rate_90d_high, has_enough,
            returned_with_lines, same_again_customers, same_again_rate, mature_customers_365d,
            revenue_per_customer_365d, later_revenue_per_customer_365d
        from marts.first_product_retention
        where level = ?
        order by value <> 'all', first_customers desc, value
        limit ?
        """,
        (level, most),
    )


def repurchase() -> Question:
    """How likely a next order is, day by day after the order before it."""
    return Question(
        "repurchase_curve",
        """
        select
            from_order_number, day, at_risk, repurchased, survival, survival_low, survival_high, repurchase_probability
        from marts.repurchase_curve
        order by from_order_number, day
        """,
    )


def stages() -> Question:
    """How many customers stand at each stage now, and what they brought to date."""
    return Question(
        "customers",
        """
        select lifecycle_stage, count(*) as customers, sum(net_revenue) as net_revenue
        from marts.customers
        group by lifecycle_stage
        """,
    )


HEALTH_COMPONENTS = ("purchase", "engagement", "email", "support", "survey", "payment")
HEALTH_DIMENSIONS = (
    *("all", "lifecycle_stage", "rfm_segment", "acquisition_channel", "country", "first_sales_channel"),
    "first_category",
)


def health(dimension: str) -> Question:
    """How customers are, by one of HEALTH_DIMENSIONS: the most customers first."""
    if dimension not in HEALTH_DIMENSIONS:
        raise ValueError(f"customers are not divided by {dimension}")
    value = "'all'" if dimension == "all" else f"coalesce({dimension}, 'unknown')"
    components = ",\n            ".join(
        f"count(health_{name}) as {name}_customers, avg(health_{name}) as average_{name}" for name in HEALTH_COMPONENTS
    )
    return Question(
        "customers",
        f"""
        select
            {value} as segment, count(*) as customers, count(health_score) as scored_customers,
            count(case when health_band = 'healthy' then 1 end) as healthy_customers,
            count(case when health_band = 'watch' then 1 end) as watch_customers,
            count(case when health_band = 'critical' then 1 end) as critical_customers,
            avg(health_score) as average_health_score,
            count(health_score_change_28d) as compared_customers, avg(health_score_change_28d) as average_change_28d,
            avg(engagement_score) as average_engagement_score,
            {components}
        from marts.customers
        group by segment
        order by customers desc, segment
        """,
    )


def health_bands(stage: str) -> Question:
    """How many customers of one of STAGE_FILTERS are in each band, and the means of their components; the last row, of
    the band `all`, is of all who have a score."""
    components = ",\n            ".join(
        f"count(health_{name}) as {name}_customers, avg(health_{name}) as average_{name}" for name in HEALTH_COMPONENTS
    )
    return Question(
        "customers",
        f"""
        select
            coalesce(health_band, 'all') as health_band, count(*) as customers,
            avg(health_score) as average_health_score, avg(health_score_change_28d) as average_change_28d,
            {components}
        from marts.customers
        where health_band is not null and {STAGE_FILTERS[stage]}
        group by rollup (health_band)
        having count(*) > 0
        order by case health_band when 'critical' then 1 when 'watch' then 2 when 'healthy' then 3 else 4 end
        """,
    )


def health_backtest() -> Question:
    """The health score of past month ends against what followed, beside recency; the riskiest bucket first."""
    return Question(
        "health_backtest",
        """
        select
            month_end, predictor, grouped_by, bucket, looks, customers_looked_at, looks_without_order,
            no_order_rate, no_order_rate_low, no_order_rate_high, auc, auc_low, auc_high,
            auc_difference, auc_difference_low, auc_difference_high, is_better_than_recency
        from marts.health_backtest
        order by
            month_end, predictor, grouped_by,
            case bucket when 'critical' then 1 when 'watch' then 2 when 'healthy' then 3 else try_cast(bucket as int)
            end
        """,
    )


def signal_effects() -> Question:
    """Who ordered again after an answer or event, by what it was: of each signal the best answer first."""
    return Question(
        "signal_effects",
        """
        select
            signal, answer, is_reference, answered_customers, repurchased_customers,
            repurchase_rate_90d, repurchase_rate_90d_low, repurchase_rate_90d_high,
            repurchase_difference, repurchase_difference_low, repurchase_difference_high, is_conclusive, has_enough
        from marts.signal_effects
        order by
            signal, is_reference desc, case when answer in ('passive', 'neutral') then 0 else 1 end, answer
        """,
    )


def playbook_outcomes() -> Question:
    """Whether the actions of each rule helped, of all variants first."""
    return Question(
        "playbook_outcomes",
        """
        select
            rule_id, variant, treated, control, treated_successes, control_successes, treated_rate, control_rate,
            uplift, uplift_low, uplift_high, is_conclusive, has_enough, value_won, waiting
        from marts.playbook_outcomes
        order by rule_id, case when variant = 'all' then 0 else 1 end, variant
        """,
    )


def retention_audit() -> Question:
    """The points of the audit, the weakest first."""
    return Question(
        "retention_audit",
        """
        select
            audit_rank, audit_point, area, area_en, area_de, question_en, question_de, audit_score, max_score,
            how_scored, decisive_measure, measured_part, measured_whole, measured_share, from_date, to_date, scored_on,
            evidence_en, evidence_de, full_score_en, full_score_de, first_step_en, first_step_de
        from marts.retention_audit
        order by audit_rank
        """,
    )


def playbook_evidence() -> Question:
    """How sure the effect of each rule is, for who looks every day, and whether its arms are as they were asked for."""
    return Question(
        "playbook_evidence",
        """
        select
            rule_id, treated, control, uplift, always_valid_low, always_valid_high, always_valid_p_value,
            uplift_q_value, is_discovery, revenue_uplift, adjusted_revenue_uplift, adjusted_revenue_uplift_low,
            adjusted_revenue_uplift_high, variance_saved, treated_customers, left_alone_customers, asked_control_share,
            split_p_value, split_is_broken, contacted_elsewhere_treated, contacted_elsewhere_control, contacts_differ,
            overlapping_treated, overlapping_control
        from marts.playbook_evidence
        order by rule_id
        """,
    )


def playbook_programme() -> Question:
    """What the playbook brings as a whole, oldest month first."""
    return Question(
        "playbook_programme",
        """
        select
            month_start, is_complete, programme_customers, control_customers, programme_revenue_per_customer,
            control_revenue_per_customer, revenue_difference, revenue_difference_low, revenue_difference_high,
            programme_value, value_won_by_rules
        from marts.playbook_programme
        order by month_start
        """,
    )


# Who is selected and not in the experiment of another rule: what a list of the day holds, of both arms.
ON_THE_LIST = "is_selected and not in_other_experiment"


def actions_by_rule() -> Question:
    """What is to be done today by rule and owner, the most urgent rule first: how many are to be contacted, how many
    are left alone, and how many wait because another rule's experiment on them is not over."""
    return Question(
        "retention_actions",
        f"""
        select
            rule_id, owner, channel, action, due_date, success_window_days, control_share,
            count(*) filter (where {ON_THE_LIST} and arm = 'treatment') as contacts,
            count(*) filter (where {ON_THE_LIST} and arm = 'control') as controls,
            count(*) filter (where {ON_THE_LIST} and is_universal_control) as universal_controls,
            count(*) filter (where is_selected and in_other_experiment) as in_other_experiment
        from marts.retention_actions
        where is_selected
        group by
            rule_id, owner, channel, action, due_date, success_window_days, control_share, priority
        order by priority, rule_id
        """,
    )


def actions_of_today(owner: str, rule: str, most: int) -> Question:
    """Whom to contact today, the urgent ones first, of one owner and one rule or of `all`; no more than `most`."""
    return Question(
        "retention_actions",
        f"""
        select
            customer_id, rule_id, action, channel, owner, due_date, variant, lifecycle_stage, reason_en, reason_de
        from marts.retention_actions
        where
            {ON_THE_LIST} and arm = 'treatment'
            and (owner = ? or ? = 'all') and (rule_id = ? or ? = 'all')
        order by priority, due_date, rule_id, customer_id
        limit ?
        """,
        (owner, owner, rule, rule, most),
    )


def weakest_points(most: int) -> Question:
    """The points of the audit that scored lowest."""
    return Question(
        "retention_audit",
        """
        select
            audit_rank, audit_point, question_en, question_de, audit_score, max_score, evidence_en, evidence_de,
            first_step_en, first_step_de
        from marts.retention_audit
        order by audit_rank
        limit ?
        """,
        (most,),
    )


PREDICTED = """
    predictions.customer_id, predictions.repeat_orders, predictions.p_alive,
    predictions.expected_orders_90d, predictions.expected_orders_90d_low, predictions.expected_orders_90d_high,
    predictions.expected_orders_365d, predictions.expected_orders_365d_low, predictions.expected_orders_365d_high,
    predictions.predicted_clv_365d, predictions.churn_probability, predictions.top_drivers_en,
    predictions.top_drivers_de
"""
# What a customer ordered again in the last 365 days: what a prediction is compared with, and what stands in its place.
LAST_YEAR = """
    select
        customers.customer_id,
        count(distinct orders.order_date) as orders_365d,
        coalesce(sum(orders.net_amount), 0) as net_revenue_365d
    from marts.customers as customers
    cross join marts.build as build
    left join marts.orders as orders
        on
            customers.customer_id = orders.customer_id
            and orders.order_date > customers.first_order_date
            and orders.order_date > build.as_of_date - 365
    group by customers.customer_id
"""


def outlook() -> Question:
    """What is predicted of all customers together, and what they ordered again in the last 365 days; one row."""
    return Question(
        "customer_predictions",
        f"""
        select
            count(*) as customers,
            count(predictions.p_alive) as predicted_customers,
            sum(predictions.expected_orders_90d) as expected_orders_90d,
            sum(predictions.expected_orders_365d) as expected_orders_365d,
            sum(predictions.predicted_clv_365d) as predicted_clv_365d,
            avg(predictions.churn_probability) as churn_probability,
            sum(last_year.orders_365d) as orders_365d,
            sum(last_year.net_revenue_365d) as net_revenue_365d
        from marts.customer_predictions as predictions
        inner join ({LAST_YEAR}) as last_year
            on predictions.customer_id = last_year.customer_id
        """,
    )


def value_at_risk() -> Question:
    """Value and value at risk of the customers at each stage, as predicted and as of the last 365 days. Value at risk
    is that of each customer times the probability of no order in the days ahead; null at the stage `lost`."""
    return Question(
        "customer_predictions",
        f"""
        select
            customers.lifecycle_stage,
            count(*) as customers,
            avg(predictions.churn_probability) as churn_probability,
            sum(predictions.expected_orders_90d) as expected_orders_90d,
            sum(predictions.predicted_clv_365d) as predicted_clv_365d,
            sum(predictions.predicted_clv_365d * predictions.churn_probability) as predicted_at_risk,
            sum(last_year.net_revenue_365d) as net_revenue_365d,
            sum(cast(last_year.net_revenue_365d as double) * predictions.churn_probability) as net_revenue_at_risk
        from marts.customer_predictions as predictions
        inner join marts.customers as customers
            on predictions.customer_id = customers.customer_id
        inner join ({LAST_YEAR}) as last_year
            on predictions.customer_id = last_year.customer_id
        group by customers.lifecycle_stage
        """,
    )


def prediction_backtest() -> Question:
    """What models said of past days against what then happened, beside their rivals; of each model the latest day
    first."""
    return Question(
        "prediction_backtest",
        """
        select
            model, as_of_date, measure, bucket, expected, actual, rival, customers, gain, gain_low, gain_high,
            is_better, decides
        from marts.prediction_backtest
        order by model, as_of_date desc, measure, try_cast(bucket as int), bucket
        """,
    )


def prediction_trust() -> Question:
    """Which models are used, and by which figures of the backtest; in the order in which they build on each other."""
    return Question(
        "prediction_trust",
        """
        select
            model, is_used, why, refusal, as_of_date, measure, model_error, rival_error, model_gain, model_gain_low,
            model_gain_high, judged_customers
        from marts.prediction_trust
        order by list_position(['bg_nbd', 'gamma_gamma', 'clv', 'churn_logistic'], model)
        """,
    )


def sales_forecast() -> Question:
    """Orders and net revenue that are expected of the shop: months first, then the next quarter and twelve months."""
    return Question(
        "sales_forecast",
        """
        select
            period_grain, period_start, period_end, customer_group,
            expected_orders, expected_orders_low, expected_orders_high, orders_last_year, expected_orders_error,
            orders_last_year_error, expected_orders_held,
            expected_revenue, expected_revenue_low, expected_revenue_high, revenue_last_year, expected_revenue_error,
            revenue_last_year_error, expected_revenue_held,
            past_forecasts, has_season
        from marts.sales_forecast
        order by
            case period_grain when 'month' then 1 when 'quarter' then 2 else 3 end, period_start,
            case customer_group when 'existing' then 1 when 'new' then 2 else 3 end
        """,
    )


def what_if() -> Question:
    """What one point more of each lever is worth in the year ahead."""
    return Question(
        "what_if",
        """
        select
            lever, observed_from, base_customers, customers_with, customers_without, level_observed,
            value_per_customer, gain_365d, gain_365d_low, gain_365d_high, has_enough, missing_because,
            predicted_base_customers, predicted_value_per_customer, predicted_gain_365d, predicted_gain_365d_low,
            predicted_gain_365d_high, not_predicted_because
        from marts.what_if
        order by case lever when 'retention_rate' then 1 when 'second_order_rate' then 2 else 3 end, lever
        """,
    )


def refusals() -> Question:
    """Which models the data of this build cannot carry, and why; one row, null where all could be fitted."""
    return Question("build", "select refusal from marts.build")


def predictions_by_health(stage: str, band: str, order: str, most: int) -> Question:
    """What is predicted of the customers of customers_by_health."""
    return Question(
        "customer_predictions",
        f"""
        select {PREDICTED}
        from marts.customer_predictions as predictions
        inner join (
            select customer_id
            from marts.customers
            where {STAGE_FILTERS[stage]} and {BAND_FILTERS[band]}
            order by {CUSTOMER_ORDERS[order]}
            limit ?
        ) as listed
            on predictions.customer_id = listed.customer_id
        """,
        (most,),
    )


def prediction(customer_id: str) -> Question:
    """What is predicted of one customer; no row where nobody has this number."""
    return Question(
        "customer_predictions",
        f"""
        select {PREDICTED}
        from marts.customer_predictions as predictions
        where predictions.customer_id = ?
        """,
        (customer_id,),
    )


def targets(grain: str | None = None) -> Question:
    """Figures of a grain, or of all, beside their targets: oldest first, and in the order of their measures."""
    return Question(
        "target_attainment",
        """
        select
            measure, period_grain, period_start, is_complete, actual_value, actual_value_low, actual_value_high,
            target_value, direction, distance_to_target, is_met, is_beyond_chance, not_judged_because, valid_from, owner
        from marts.target_attainment
        where coalesce(period_grain = ?, true)
        order by period_start, case period_grain when 'month' then 1 when 'quarter' then 2 else 3 end, measure
        """,
        (grain,),
    )


def transitions() -> Question:
    """Who stood at which stage at the end of a month and of the month before, oldest month first."""
    return Question(
        "lifecycle_transitions",
        """
        select steps.month_start, steps.from_stage, steps.to_stage, steps.customers, months.is_complete
        from marts.lifecycle_transitions as steps
        inner join marts.retention_kpis as months
            on months.period_grain = 'month' and steps.month_start = months.period_start
        order by steps.month_start, steps.from_stage, steps.to_stage
        """,
    )


def funnel() -> Question:
    """The stages of the funnel from awareness to advocacy, oldest month first."""
    return Question(
        "lifecycle_kpis",
        """
        select
            month_start, lifecycle_stage, customers, orders, net_revenue, lost_next_month, lost_next_month_rate,
            revenue_at_stake, clv_by_lifespan, nps_responses, nps, average_csat, tickets_per_customer,
            median_first_reply_minutes, emails_sent, email_open_rate, referrals_sent, referrals_converted,
            conversion_next_month_rate, acquired, activation_rate, second_order_rate_30d, second_order_rate_60d,
            second_order_rate_90d, median_days_to_second_order, is_complete, is_next_month_complete
        from marts.lifecycle_kpis
        order by month_start, lifecycle_stage
        """,
    )


def ladder() -> Question:
    """Who stood on which step of the value ladder at the end of a month and of the month before, oldest month first."""
    return Question(
        "value_ladder",
        """
        select
            moves.month_start, moves.from_step, moves.to_step, moves.from_step_en, moves.from_step_de,
            moves.to_step_en, moves.to_step_de, moves.direction, moves.customers, moves.cross_category_rate,
            months.is_complete
        from marts.value_ladder as moves
        inner join marts.retention_kpis as months
            on months.period_grain = 'month' and moves.month_start = months.period_start
        order by moves.month_start, moves.from_step, moves.to_step
        """,
    )


def referrals() -> Question:
    """Recommendations of each month and what becomes of those whom they won, oldest month first."""
    return Question(
        "referral_kpis",
        """
        select
            kpis.month_start as period_start, kpis.referrals_sent, kpis.referrals_converted, kpis.referrers,
            kpis.referred_customers, kpis.referred_second_order_rate_90d, kpis.other_second_order_rate_90d,
            months.is_complete
        from marts.referral_kpis as kpis
        inner join marts.retention_kpis as months
            on months.period_grain = 'month' and kpis.month_start = months.period_start
        order by kpis.month_start
        """,
    )


def loyalty() -> Question:
    """Points and purchases of each month and tier, oldest month first, all tiers together first."""
    return Question(
        "loyalty_kpis",
        """
        select
            kpis.month_start as period_start, kpis.loyalty_tier, kpis.members, kpis.points_earned, kpis.points_redeemed,
            kpis.redemption_rate, kpis.purchasing_customers, kpis.net_revenue, kpis.revenue_per_customer,
            months.is_complete
        from marts.loyalty_kpis as kpis
        inner join marts.retention_kpis as months
            on months.period_grain = 'month' and kpis.month_start = months.period_start
        order by kpis.month_start, kpis.loyalty_tier <> 'all', kpis.loyalty_tier
        """,
    )


def emails(grain: str) -> Question:
    """E-mails of each period and who opened them, oldest first."""
    return Question(
        "email_kpis",
        """
        select
            period_grain, period_start, emails_sent, recipients, emails_opened, emails_clicked, open_rate, click_rate,
            customers_with_unopened_streak, unmatched_events, is_complete
        from marts.email_kpis
        where period_grain = ?
        order by period_start
        """,
        (grain,),
    )


def reasons() -> Question:
    """Reasons for leaving by month and source, oldest month first, the most frequent first."""
    return Question(
        "churn_reasons",
        """
        select
            reasons.month_start as period_start, reasons.source, reasons.reason, reasons.customers, reasons.share,
            months.is_complete
        from marts.churn_reasons as reasons
        inner join marts.retention_kpis as months
            on months.period_grain = 'month' and reasons.month_start = months.period_start
        order by reasons.month_start, reasons.source, reasons.customers desc, reasons.reason
        """,
    )


def value_ladder(month: date) -> Question:
    """The moves on the value ladder in a month: downwards, staying and upwards, the most frequent of each first."""
    return Question(
        "value_ladder",
        """
        select
            from_step, to_step, from_step_en, from_step_de, to_step_en, to_step_de, direction, customers,
            cross_category_rate
        from marts.value_ladder
        where month_start = ?
        order by direction, customers desc, from_step, to_step
        """,
        (month,),
    )


def rfm_cells() -> Question:
    """Customers and what they brought to date, by their scores of recency and frequency."""
    return Question(
        "customers",
        """
        select r_score, f_score, rfm_segment, count(*) as customers, sum(net_revenue) as net_revenue
        from marts.customers
        group by r_score, f_score, rfm_segment
        order by r_score desc, f_score
        """,
    )


def at_risk() -> Question:
    """How many are at risk, and what they brought to date and in the last 365 days; one row."""
    return Question(
        "customers",
        """
        select
            count(*) as customers, coalesce(sum(net_revenue), 0) as net_revenue,
            coalesce(sum(case when marketing_consent then 1 else 0 end), 0) as consenting_customers,
            (
                select coalesce(sum(orders.net_amount), 0)
                from marts.orders as orders
                inner join marts.customers as at_risk
                    on orders.customer_id = at_risk.customer_id
                cross join marts.build as build
                where at_risk.lifecycle_stage = 'at_risk' and orders.order_date > build.as_of_date - 365
            ) as net_revenue_365d
        from marts.customers
        where lifecycle_stage = 'at_risk'
        """,
    )


CUSTOMER_ORDERS = {
    "by_value": "net_revenue desc, recency_days desc, customer_id",
    "by_days": "recency_days desc, net_revenue desc, customer_id",
    "by_health": "health_score, net_revenue desc, customer_id",
    "by_churn": """
        (
            select churn_probability
            from marts.customer_predictions as predictions
            where predictions.customer_id = customers.customer_id
        ) desc nulls last,
        net_revenue desc,
        customer_id
    """,
}
STAGE_FILTERS = {
    "not_lost": "lifecycle_stage <> 'lost'",
    **{stage: f"lifecycle_stage = '{stage}'" for stage in ("at_risk", "new", "active", "loyal", "reactivated", "lost")},
    "all": "true",
}
HEALTH_BANDS = ("critical", "watch", "healthy")
BAND_FILTERS = {"all": "true", **{band: f"health_band = '{band}'" for band in HEALTH_BANDS}}


def customers_by_health(stage: str, band: str, order: str, most: int) -> Question:
    """Customers of one of STAGE_FILTERS and one of BAND_FILTERS, in one of CUSTOMER_ORDERS; no more than `most`."""
    return customers_who(f"{STAGE_FILTERS[stage]} and {BAND_FILTERS[band]}", CUSTOMER_ORDERS[order], most)


def number_by_health(stage: str, band: str) -> Question:
    """How many customers these are; one row."""
    return Question(
        "customers",
        f"""
        select count(*) as customers
        from marts.customers
        where {STAGE_FILTERS[stage]} and {BAND_FILTERS[band]}
        """,
    )


def at_risk_customers(order: str, most: int) -> Question:
    """Who is at risk, in one of CUSTOMER_ORDERS; no more than `most`."""
    return customers_who("lifecycle_stage = 'at_risk'", CUSTOMER_ORDERS[order], most)


def lost_customers(most: int) -> Question:
    """Who is lost: those whose last order is nearest first, who are won back most easily; no more than `most`."""
    return customers_who("lifecycle_stage = 'lost'", "recency_days, net_revenue desc, customer_id", most)


def best_customers(most: int) -> Question:
    """The fifth of the customers that brought most, those first; no more than `most`."""
    return customers_who("m_score = 5", CUSTOMER_ORDERS["by_value"], most)


def customers_who(condition: str, order: str, most: int) -> Question:
    return Question(
        "customers",
        f"""
        select
            customer_id, net_revenue, orders, last_order_date, recency_days, average_days_between_orders,
            rfm_segment, lifecycle_stage, marketing_consent,
            health_score, health_band, health_score_change_28d, health_drivers_en, health_drivers_de
        from marts.customers
        where {condition}
        order by {order}
        limit ?
        """,
        (most,),
    )


def customer(customer_id: str) -> Question:
    """One customer; no row where nobody has this number."""
    return Question(
        "customers",
        """
        select
            customer_id, first_order_date, last_order_date, orders, net_revenue, recency_days,
            average_days_between_orders, rfm_segment, lifecycle_stage, is_advocate,
            health_score, health_band, health_score_change_28d, health_drivers_en, health_drivers_de, engagement_score,
            health_purchase, health_engagement, health_email, health_support, health_survey, health_payment
        from marts.customers
        where lower(customer_id) = lower(?)
        order by customer_id = ? desc
        limit 1
        """,
        (customer_id, customer_id),
    )


def orders_of(customer_id: str, most: int) -> Question:
    """The orders of one customer, the latest first; no more than `most`."""
    return Question(
        "orders",
        """
        select
            order_number, order_id, order_date, sales_channel, currency, amount, refunded_amount, net_amount,
            days_since_previous_order
        from marts.orders
        where customer_id = ?
        order by order_number desc
        limit ?
        """,
        (customer_id, most),
    )


def events_of(customer_id: str, most: int) -> Question:
    """What happened with one customer, the latest first; no more than `most`."""
    return Question(
        "customer_events",
        """
        select
            event_date, event_type, event_group, occurred_at, outcome, channel, value, amount, order_id, rule_id, events
        from marts.customer_events
        where customer_id = ?
        order by event_date desc, occurred_at desc nulls last, event_type, event_number desc
        limit ?
        """,
        (customer_id, most),
    )


def signals() -> Question:
    """Which signals there are up to today, how many rows of them, of how many customers, since when and until when."""
    return Question(
        "signal_coverage",
        """
        select entity, signal, source_system, rows, customers, first_date, last_date
        from marts.signal_coverage
        where rows > 0
        order by entity, signal, source_system
        """,
    )


def nps(grain: str) -> Question:
    """The net promoter score of each period with its margin and its voices, oldest first."""
    return Question(
        "nps",
        """
        select
            period_grain, period_start, is_complete, answers, responses, promoters, passives, detractors,
            nps, nps_margin
        from marts.nps
        where period_grain = ?
        order by period_start
        """,
        (grain,),
    )


def support(grain: str) -> Question:
    """Tickets, replies and satisfaction of each period and channel, oldest first; all channels together first."""
    return Question(
        "support_kpis",
        """
        select
            period_grain, period_start, channel, is_complete, tickets_opened, customers_with_tickets,
            tickets_without_reply, complaints, first_replies, median_first_reply_minutes, replied_within_target_rate,
            tickets_solved, median_solved_minutes, solved_within_target_rate, csat_responses, average_csat, csat_score,
            tickets_per_100_active_customers, frequent_contacts
        from marts.support_kpis
        where period_grain = ?
        order by period_start, channel <> 'all', channel
        """,
        (grain,),
    )


def acquisition() -> Question:
    """What customers cost and brought, by month and channel, oldest first; all channels together first."""
    return Question(
        "acquisition_economics",
        """
        select
            cohort_month, acquisition_channel, is_complete, spend, retention_spend, new_customers, cac,
            value_per_customer_3m, value_per_customer_6m, value_per_customer_12m, value_per_customer_24m,
            ltv_to_cac, payback_months
        from marts.acquisition_economics
        order by cohort_month, acquisition_channel <> 'all', acquisition_channel
        """,
    )


def subscriptions() -> Question:
    """Recurring revenue and subscribers of each month and what moved them, oldest first."""
    return Question(
        "subscription_kpis",
        """
        select
            month_start as period_start, is_complete, mrr_at_start, new_mrr, reactivated_mrr, expansion_mrr,
            contraction_mrr, churned_mrr, involuntary_churned_mrr, mrr_at_end, subscribers_at_start, new_subscribers,
            reactivated_subscribers, churned_subscribers, subscribers_at_end, short_lived_subscribers,
            logo_churn_rate, gross_mrr_retention, net_mrr_retention, average_revenue_per_subscriber
        from marts.subscription_kpis
        order by month_start
        """,
    )


def subscriber_cohorts() -> Question:
    """Who of each month's subscribers pays how much so many months later, in the order of reading."""
    return Question(
        "subscription_cohorts",
        """
        select
            cohort_month as cohort_start, period_number, is_complete, cohort_subscribers, active_subscribers,
            subscriber_retention_rate, mrr, mrr_at_first_end, mrr_retention_rate
        from marts.subscription_cohorts
        order by cohort_month, period_number
        """,
    )


def provenance() -> Question:
    """What this build was made from and with, what it holds and how it was checked; one row."""
    return Question(
        "build",
        """
        select
            build_id, build_number, built_at, engine, as_of_date, first_order_date, reporting_currency,
            reporting_timezone, shop, settings_hash, raw_fingerprint, baseline_build_id, accepted_reason,
            raw_order_rows, orders, unattributed_orders, customers, net_revenue, checks, warnings, failures
        from marts.build
        """,
    )


def check_results() -> Question:
    """What the gate found, suite by suite."""
    return Question(
        "check_results",
        """
        select suite, check_name, severity, outcome, observed, expected, explanation, rows_judged
        from marts.check_results
        order by suite, check_name
        """,
    )


def row_accounting() -> Question:
    """What became of the rows of each raw entity, and why."""
    return Question(
        "row_accounting",
        """
        select entity, outcome, reason, rows
        from marts.row_accounting
        order by entity, rows desc, outcome, reason
        """,
    )


def source_accounting() -> Question:
    """What became of the rows of each source and raw entity, and why."""
    return Question(
        "source_accounting",
        """
        select source, entity, outcome, reason, rows
        from marts.source_accounting
        order by source, entity, rows desc, outcome, reason
        """,
    )


def restatements() -> Question:
    """Closed periods that changed against the published build before, the latest first."""
    return Question(
        "restatements",
        """
        select
            period_grain, period_start, orders_before, orders_now, net_revenue_before, net_revenue_now,
            net_revenue_change, net_revenue_change_rate, late_orders, updated_orders, removed_orders,
            unexplained_orders, unexplained_revenue, order_ids
        from marts.restatements
        order by period_start desc
        """,
    )


def builds(most: int) -> Question:
    """The refreshes that ended, the latest first; no more than `most`."""
    return Question(
        "builds",
        """
        select
            build_id, build_number, built_at, outcome, reason, accepted_reason, as_of_date, orders, customers,
            net_revenue, warnings, failures, is_this_build
        from marts.builds
        order by build_number desc nulls last, built_at desc
        limit ?
        """,
        (most,),
    )


# What a measure divides by what, in columns of its mart. Of the others no mart holds both parts.
FRACTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "retention_kpis": {
        "customer_retention_rate": ("customers_at_end - new_customers", "customers_at_start"),
        "retained_customer_rate": ("retained_customers", "customers_at_start"),
        "customer_churn_rate": ("churned_customers", "customers_at_start"),
        "average_order_value": ("net_revenue", "orders"),
        "purchase_frequency": ("orders", "purchasing_customers"),
        "revenue_per_customer": ("net_revenue", "purchasing_customers"),
        "repeat_customer_rate": ("repeat_customers", "purchasing_customers"),
        "returning_customer_rate": ("returning_customers", "purchasing_customers"),
        "returning_revenue_share": ("returning_revenue", "net_revenue"),
    },
    "retention_kpis_by_segment": {
        "customer_retention_rate": ("customers_at_end - new_customers", "customers_at_start"),
        "retained_customer_rate": ("retained_customers", "customers_at_start"),
        "customer_churn_rate": ("churned_customers", "customers_at_start"),
    },
    "cohort_retention": {
        "retention_rate": ("active_customers", "cohort_customers"),
        "unbounded_retention_rate": ("active_or_later_customers", "cohort_customers"),
        "returned_by_rate": ("returned_by_customers", "cohort_customers"),
        "cumulative_revenue_per_customer": ("cumulative_net_revenue", "cohort_customers"),
    },
    "retention_curve": {"retention_rate": ("active_customers", "eligible_customers")},
    "cohort_windows": {
        "returned_rate": ("returned_customers", "mature_customers"),
        "revenue_per_customer": ("net_revenue", "mature_customers"),
    },
    "acquisition_economics": {"cac": ("spend", "new_customers")},
    "lifecycle_kpis": {"lost_next_month_rate": ("lost_next_month", "customers")},
    "subscription_kpis": {
        "logo_churn_rate": ("churned_subscribers", "subscribers_at_start"),
        "gross_mrr_retention": ("mrr_at_start - churned_mrr - contraction_mrr", "mrr_at_start"),
        "net_mrr_retention": ("mrr_at_start - churned_mrr - contraction_mrr + expansion_mrr", "mrr_at_start"),
        "average_revenue_per_subscriber": ("mrr_at_end", "subscribers_at_end"),
    },
    "email_kpis": {"open_rate": ("emails_opened", "emails_sent"), "click_rate": ("emails_clicked", "emails_sent")},
    "loyalty_kpis": {
        "redemption_rate": ("points_redeemed", "points_earned"),
        "revenue_per_customer": ("net_revenue", "purchasing_customers"),
    },
    "subscription_cohorts": {
        "subscriber_retention_rate": ("active_subscribers", "cohort_subscribers"),
        "mrr_retention_rate": ("mrr", "mrr_at_first_end"),
    },
}

# Measures that rest on customers whom the data may not know yet, with the flag that says so.
LEFT_CENSORED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "customers_at_start", "retained_customers", "churned_customers", "reactivated_customers",
            "customer_retention_rate", "retained_customer_rate", "customer_churn_rate",
        ),
        "is_left_censored",
    ),
    **dict.fromkeys(("clv_by_retention", "clv_by_lifespan"), "is_clv_left_censored"),
}  # fmt: skip


def columns(mart: str) -> Question:
    """The names of the columns of a mart; no row where this build does not have it."""
    return Question(
        mart,
        """
        select column_name
        from information_schema.columns
        where table_schema = 'marts' and table_name = ?
        order by ordinal_position
        """,
        (mart,),
    )


def figure(mart: str, measure: str, key: Mapping[str, object]) -> Question:
    """The row of a mart that a key names, whatever columns this build has, with the parts of one of its measures."""
    numerator, denominator = FRACTIONS.get(mart, {}).get(measure, ("null", "null"))
    named = " and ".join(f"{identifier(column)} = ?" for column in key)
    return Question(
        mart,
        f"""
        select *, {numerator} as numerator, {denominator} as denominator
        from marts.{identifier(mart)}
        where {named}
        """,
        tuple(key.values()),
    )


def feedback_span(mart: str, grain: str) -> Question:
    """The first period of a grain in a mart of feedback, and the last that is over; null where it has none."""
    return Question(
        mart,
        f"""
        select
            min(period_start) as first_period,
            max(case when is_complete then period_start end) as last_complete_period
        from marts.{identifier(mart)}
        where period_grain = ?
        """,
        (grain,),
    )


def support_channels() -> Question:
    return Question("support_kpis", "select distinct channel from marts.support_kpis order by channel")


def first_month(mart: str) -> Question:
    """The first month of a mart by `month_start`; null where it has none."""
    return Question(mart, f"select min(month_start) as first_month from marts.{identifier(mart)}")


def loyalty_tiers() -> Question:
    return Question("loyalty_kpis", "select distinct loyalty_tier from marts.loyalty_kpis order by loyalty_tier")


def reasons_of_month(month: date, source: str) -> Question:
    """Reasons for leaving, the most frequent first."""
    return Question(
        "churn_reasons",
        """
        select reason, customers, share
        from marts.churn_reasons
        where month_start = ? and source = ?
        order by customers desc, reason
        """,
        (month, source),
    )


def subscription_months() -> Question:
    """The first month with contracts and the last that is over; null without contracts."""
    return Question(
        "subscription_kpis",
        """
        select
            min(month_start) as first_month,
            max(case when is_complete then month_start end) as last_complete_month
        from marts.subscription_kpis
        """,
    )


def periods() -> Question:
    """Which periods there are, by their first days: the first one, the last that is over, and the running one."""
    return Question(
        "retention_kpis",
        """
        select
            period_grain, min(period_start) as first_period,
            max(case when is_complete then period_start end) as last_complete_period,
            max(case when not is_complete then period_start end) as running_period
        from marts.retention_kpis
        group by period_grain
        order by count(*) desc
        """,
    )


def cohort_starts() -> Question:
    """Which cohorts there are, by their first days, and how far the oldest is observed."""
    return Question(
        "cohort_retention",
        """
        select
            cohort_grain, min(cohort_start) as first_cohort, max(cohort_start) as last_cohort,
            max(period_number) as last_period_number
        from marts.cohort_retention
        where dimension = 'all'
        group by cohort_grain
        order by count(*) desc
        """,
    )
