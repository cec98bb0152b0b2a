"""The tools, as a client sees them: what each answers, what it takes and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistants import (
    acquisition,
    ahead,
    answers,
    arguments,
    audit,
    catalogue,
    cohorts,
    comparison,
    contracts,
    feedback,
    funnel,
    health,
    outlook,
    periods,
    playbook,
    programmes,
    standing,
    targets,
)
from assistants.reading import Reading

INSTRUCTIONS = """\
Answers questions on customer retention in one shop, from its published figures alone.

It answers: which measures are defined and what they mean (list_measures, define_measure); a measure for a week, month,
quarter or year, of all customers or of one segment (get_measure); what changed against another period and which
segments contributed (compare_periods); how a cohort comes back (get_cohort_cell, get_cohort_window) and which cohorts
stand out (get_deviating_cohorts); recurring revenue of contracts and its cohorts (get_subscriptions,
get_subscriber_cohort); what customers cost and bring (get_acquisition); what they say, how they are helped and which
e-mails they open (get_feedback); why they leave (get_churn_reasons); referrals and the loyalty programme
(get_programme); how the running period stands beside the same days of earlier ones (get_running_period); how many
customers stand at which stage (get_lifecycle_stages), what became of a stage of the funnel in a month
(get_funnel_stage), who climbs the value ladder (get_value_ladder), how well customers are (get_health), whether that
score proved right (get_health_backtest), and who ordered again after an answer, a reply or a complaint
(get_signal_effects: what goes together, never a cause); how many the playbook asks to contact today
(get_actions_today), whether its actions helped (get_playbook_outcomes) and what they bring as a whole
(get_playbook_programme); whether the shop is on target (get_targets); where the work on retention is weakest
(get_retention_audit); what is to be expected of today's customers (get_outlook), and what orders and revenue of the whole
shop (get_sales_forecast); what a point of retention is worth (get_retention_value), and what one point more of a lever
brings in the year ahead (get_what_if); when customers order again (get_repurchase); which first purchase brings them
back (get_first_purchase); how revenue is concentrated (get_concentration); what became of each raw row
(get_row_accounting).
describe_data says which periods, dimensions and segments there are, and which build is published: call it first.

It does not answer: data of a person (customer numbers, e-mails, orders of somebody, lists of customers), SQL, measures
that are not defined, forecasts but those of get_outlook and get_sales_forecast, and figures calculated from others.
Never add, average or subtract rates: for a quarter ask for the quarter. If a tool refuses, tell the reason and do not
estimate.

Say with each figure what limits it: a running period or an unfinished cell is not final; a left-censored figure is not
to be relied on; where intervals overlap, a difference can be chance; null is not zero. Name the as-of date."""


@dataclass(frozen=True)
class Tool:
    name: str
    title: str
    description: str
    takes: type[arguments.Arguments]
    gives: type[answers.Answer]
    run: Callable[[Reading, Any], answers.Answer]


TOOLS = (
    Tool(
        "describe_data",
        "What there is",
        "Which build is published (shop, as-of date, currency) and what can be asked of it: first, last complete and "
        "running period of each grain, cohorts, dimensions with their segments, raw entities.",
        arguments.Nothing,
        answers.Data,
        catalogue.describe_data,
    ),
    Tool(
        "list_measures",
        "Measures",
        "All defined measures: name, English and German name, unit, good direction, and the tool that answers each.",
        arguments.Nothing,
        answers.Measures,
        catalogue.list_measures,
    ),
    Tool(
        "define_measure",
        "Definition of a measure",
        "What a measure means: names and definition in English and German, formula, unit, good direction, its mart.",
        arguments.OneMeasure,
        answers.Definition,
        catalogue.define_measure,
    ),
    Tool(
        "get_measure",
        "A measure for a period",
        "One measure for one week, month, quarter or year, of all customers or of one segment: value, numerator and "
        "denominator, 95 % interval where there is one, whether the period is over and its start is known, and why a "
        "value is null. Segments exist by month, quarter and year for measures with by_segment.",
        arguments.AMeasure,
        answers.MeasureAnswer,
        periods.get_measure,
    ),
    Tool(
        "compare_periods",
        "Two periods compared",
        "One measure of all customers in two whole periods of the same grain, their change, and for retention what "
        "each segment contributed: whether it kept its customers better or worse, or merely grew or shrank.",
        arguments.TwoPeriods,
        answers.Comparison,
        comparison.compare_periods,
    ),
    Tool(
        "get_cohort_cell",
        "A cohort cell",
        "One measure of the customers who first ordered in one week, month or quarter, so many periods later: "
        "retention_rate (ordered in that period), unbounded_retention_rate (then or later), returned_by_rate (a second "
        "order by then), cumulative_revenue_per_customer (LTV to date) and the counts behind them; whether a "
        "retention_rate differs from that of all cohorts beyond chance.",
        arguments.ACell,
        answers.CellAnswer,
        cohorts.get_cohort_cell,
    ),
    Tool(
        "get_cohort_window",
        "A cohort by days",
        "What customers of one month had done 30 to 365 days after their own first order: returned_rate, and the "
        "counts behind it.",
        arguments.AWindow,
        answers.WindowAnswer,
        cohorts.get_cohort_window,
    ),
    Tool(
        "get_deviating_cohorts",
        "Cohorts that stand out",
        "Which cohorts came back less or more than all others beyond chance, and in which periods of their life: which "
        "cohort was hurt. Months and weeks of small shops hold too few customers to tell: ask for quarters.",
        arguments.ACohortGrain,
        answers.Deviations,
        cohorts.get_deviating_cohorts,
    ),
    Tool(
        "get_acquisition",
        "What customers cost and bring",
        "One measure of the customers won in one month, of one channel or all: what was spent on winning (cac) and "
        "on keeping others, what one of them brought in 3 to 24 months, value of a year to cost, months to pay back.",
        arguments.AnAcquisition,
        answers.AcquisitionAnswer,
        acquisition.get_acquisition,
    ),
    Tool(
        "get_subscriptions",
        "Contracts of a month",
        "One measure of the contracts in one month: monthly recurring revenue (MRR) and subscribers at its start and "
        "end, what was new, won back, grew, shrank and churned (also against the customer's will), and their rates.",
        arguments.AMeasuredMonth,
        answers.SubscriptionAnswer,
        contracts.get_subscriptions,
    ),
    Tool(
        "get_subscriber_cohort",
        "A cohort of subscribers",
        "One measure of the subscribers whose first paid contract began in one month, so many months later: who still "
        "pays, and how much.",
        arguments.ASubscriberCohort,
        answers.SubscriberCohortAnswer,
        contracts.get_subscriber_cohort,
    ),
    Tool(
        "get_feedback",
        "What customers say and ask",
        "One measure of feedback and support in one week, month or quarter: net promoter score and its voices; by week "
        "or month, of all channels or of one: tickets, complaints, times to reply and to solve, satisfaction (CSAT); "
        "by week or month: e-mails sent, opened and clicked, and who no longer opens them.",
        arguments.AFeedback,
        answers.FeedbackAnswer,
        feedback.get_feedback,
    ),
    Tool(
        "get_churn_reasons",
        "Why customers leave",
        "The reasons for leaving that several customers gave in one month, in a survey or when a contract ended.",
        arguments.SomeReasons,
        answers.ChurnReasons,
        programmes.get_churn_reasons,
    ),
    Tool(
        "get_programme",
        "Referrals and loyalty",
        "One measure of referrals or of the loyalty programme in one month: referrals sent and converted, referred new "
        "customers and how many come back; of all tiers or of one: members, points earned and redeemed.",
        arguments.AProgramme,
        answers.ProgrammeAnswer,
        programmes.get_programme,
    ),
    Tool(
        "get_running_period",
        "The running period",
        "Orders, net revenue, new customers and average order value of the running week, month, quarter or year, "
        "beside the same days of the period before and of the year before: the fair comparison of a running period.",
        arguments.AGrain,
        answers.Running,
        periods.get_running_period,
    ),
    Tool(
        "get_lifecycle_stages",
        "Customers by stage",
        "How many customers stand at each lifecycle stage as of now - new, active, loyal, at_risk, lost, reactivated - "
        "and what they brought to date; never who they are.",
        arguments.Nothing,
        answers.Stages,
        standing.get_lifecycle_stages,
    ),
    Tool(
        "get_health",
        "Health of customers",
        "How many customers are healthy, to be watched or critical by their health score, its mean and its change in "
        "28 days, and which of its six components pulls it down: of all customers, of a lifecycle stage, of a channel, "
        "country or category; never of a person.",
        arguments.AHealth,
        answers.Health,
        health.get_health,
    ),
    Tool(
        "get_health_backtest",
        "Whether the health score proved right",
        "The health score of past month ends against who then did not order for 90 days: by band and decile, with its "
        "AUC and that of the days since the last order alone. Says whether the score is worth more than that date.",
        arguments.AMonthEnd,
        answers.Backtest,
        health.get_health_backtest,
    ),
    Tool(
        "get_signal_effects",
        "Repurchase after answers and events",
        "How many customers ordered again within 90 days after an answer (nps, csat), a first reply or a complaint, by "
        "what it was, with intervals. It shows what goes together and is no cause: say so.",
        arguments.ASignal,
        answers.Effects,
        health.get_signal_effects,
    ),
    Tool(
        "get_actions_today",
        "What is to be done today",
        "How many customers the rules of the playbook ask to contact today, by rule and by owner, how many are left "
        "alone to see what the actions bring, and how many wait for another rule's experiment. Never who they are.",
        arguments.Nothing,
        answers.ActionsToday,
        playbook.get_actions_today,
    ),
    Tool(
        "get_playbook_outcomes",
        "Whether actions helped",
        "Whether the actions of the playbook helped: of each rule, or of one rule by variant, how many of the treated "
        "ordered and how many of those left alone by chance, the uplift with its interval, and what it was worth.",
        arguments.ARule,
        answers.Outcomes,
        playbook.get_playbook_outcomes,
    ),
    Tool(
        "get_playbook_programme",
        "What the playbook brings as a whole",
        "One measure of all rules together in one month: orders and net revenue per customer whom the playbook may "
        "contact, beside a share of customers whom no rule contacts, and what that difference was worth.",
        arguments.AMeasuredMonth,
        answers.PlaybookProgramme,
        playbook.get_playbook_programme,
    ),
    Tool(
        "get_outlook",
        "What is to be expected",
        "Orders and value to be expected of today's customers in 90 and 365 days, value at risk by stage, and "
        "which models are used: only those shown to be better than a simple rule; figures of last year stand beside.",
        arguments.Nothing,
        answers.Outlook,
        outlook.get_outlook,
    ),
    Tool(
        "get_retention_audit",
        "The 15-point audit",
        "Where the work on retention is weakest: the 15 questions of the audit, the weakest first, each with its score "
        "from 1 to 5, how it was scored, the evidence and a first step. Null is not scored, which is no verdict.",
        arguments.Nothing,
        answers.Audit,
        audit.get_retention_audit,
    ),
    Tool(
        "get_targets",
        "Whether the shop is on target",
        "The targets that the shop set for measures by month, quarter or year, of all or of one measure: the actual "
        "value beside its target, the distance, whether it is met, and whether the distance is beyond chance.",
        arguments.ATarget,
        answers.Targets,
        targets.get_targets,
    ),
    Tool(
        "get_funnel_stage",
        "A stage of the funnel in a month",
        "One measure of the customers of one lifecycle stage in one month, prospects and advocates too: orders, who of "
        "them is lost next month and what revenue goes, what they say, conversion, activation, second orders.",
        arguments.AFunnelStage,
        answers.FunnelAnswer,
        funnel.get_funnel_stage,
    ),
    Tool(
        "get_value_ladder",
        "Who climbs and who steps down",
        "How many customers moved in a month between steps of net revenue in 365 days, or stayed, and which share of "
        "a step buys of two or more categories.",
        arguments.ALadderMonth,
        answers.Ladder,
        funnel.get_value_ladder,
    ),
    Tool(
        "get_retention_value",
        "Worth of a point of retention",
        "What one percentage point of a month's, quarter's or year's retention is worth in net revenue, at most, with "
        "what was observed and what is assumed.",
        arguments.AWorth,
        answers.RetentionValue,
        standing.get_retention_value,
    ),
    Tool(
        "get_what_if",
        "What one point more is worth",
        "What one point more of retention, of second orders within 90 days, or one percent more of order value brings "
        "in the 365 days ahead, at most, with its interval and what was observed.",
        arguments.Nothing,
        answers.WhatIf,
        ahead.get_what_if,
    ),
    Tool(
        "get_sales_forecast",
        "What orders are to be expected",
        "Orders and net revenue that are expected of the whole shop in a month ahead, the next calendar quarter or the "
        "next twelve months, of existing, new or all customers, with an 80 % interval, last year's figure, and how far "
        "off both have been in the past.",
        arguments.APeriodAhead,
        answers.SalesForecast,
        ahead.get_sales_forecast,
    ),
    Tool(
        "get_repurchase",
        "Time to the next order",
        "Which share of customers had their next order within so many days after their first, second, ... fifth one.",
        arguments.AnOrder,
        answers.Repurchase,
        standing.get_repurchase,
    ),
    Tool(
        "get_first_purchase",
        "What first purchase brings people back",
        "Of the customers whose first order held a product or category: how many ordered again within 90 days, bought "
        "the same again, and what they brought in their first year.",
        arguments.APurchase,
        answers.FirstPurchase,
        standing.get_first_purchase,
    ),
    Tool(
        "get_concentration",
        "Concentration of revenue",
        "Which share of net revenue to date each tenth of the customers brought, the best first: the 80/20 question.",
        arguments.Nothing,
        answers.Concentration,
        standing.get_concentration,
    ),
    Tool(
        "get_row_accounting",
        "What became of the raw rows",
        "What became of each raw row of an entity: how many are counted, excluded, quarantined or superseded, and why; "
        "where several sources brought them, also by source.",
        arguments.AnEntity,
        answers.Accounting,
        catalogue.get_row_accounting,
    ),
)
