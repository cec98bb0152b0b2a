"""What each tool takes. What is not named here is refused, never passed over."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


Grain = Annotated[
    Literal["week", "month", "quarter", "year"],
    Field(description="Length of the period: week (from Monday), month, quarter or year."),
]
Measure = Annotated[str, Field(max_length=200, description="Name of a measure, exactly as list_measures gives it.")]
Period = Annotated[
    Literal["last_complete"] | date,
    Field(description="First day of the period as YYYY-MM-DD, or last_complete for the latest one that is over."),
]
Month = Annotated[
    Literal["last_complete"] | date,
    Field(description="First day of the month as YYYY-MM-DD, or last_complete for the latest one that is over."),
]
Dimension = Annotated[
    str,
    Field(max_length=200, description="What customers are divided by, as describe_data gives it, or all."),
]
Segment = Annotated[
    str, Field(max_length=200, description="One value of the dimension, as describe_data gives it; all for all.")
]
CohortGrain = Annotated[
    Literal["week", "month", "quarter"],
    Field(description="Length of a cohort and of its periods: week, month or quarter."),
]


class Nothing(Arguments):
    """No argument."""


class OneMeasure(Arguments):
    measure: Measure


class AMeasure(Arguments):
    measure: Measure
    grain: Grain
    period: Period = "last_complete"
    dimension: Dimension = "all"
    segment: Segment = "all"


class TwoPeriods(Arguments):
    measure: Measure
    grain: Grain
    period: Period = "last_complete"
    compare_with: Annotated[
        Literal["period_before", "year_before"] | date,
        Field(description="period_before, year_before, or the first day of another period of the same grain."),
    ] = "period_before"
    dimension: Annotated[
        str | None,
        Field(max_length=200, description="Show contributions of the segments of this dimension only."),
    ] = None


class ACell(Arguments):
    measure: Measure
    cohort_grain: CohortGrain
    cohort_start: Annotated[
        Literal["pooled"] | date,
        Field(description="First day of the cohort as YYYY-MM-DD, or pooled for all cohorts, complete cells only."),
    ]
    period_number: Annotated[
        int, Field(ge=0, le=10_000, description="Periods since the cohort's start; 0 is the period of the first order.")
    ]
    dimension: Dimension = "all"
    segment: Segment = "all"


class ACohortGrain(Arguments):
    cohort_grain: CohortGrain = "quarter"
    dimension: Dimension = "all"
    segment: Segment = "all"


class AWindow(Arguments):
    measure: Measure
    cohort_month: Annotated[date, Field(description="First day of the month of the first order, as YYYY-MM-DD.")]
    window_days: Annotated[
        Literal[30, 60, 90, 180, 365], Field(description="Days after the own first order: 30, 60, 90, 180 or 365.")
    ]
    dimension: Dimension = "all"
    segment: Segment = "all"


class APeriodAhead(Arguments):
    grain: Annotated[
        Literal["month", "quarter", "twelve_months"],
        Field(description="A month ahead, the next calendar quarter, or the next twelve months together."),
    ] = "quarter"
    month: Annotated[date | None, Field(description="Of grain month: its first day; without it, the first ahead.")] = (
        None
    )
    customers: Annotated[
        Literal["existing", "new", "all"],
        Field(description="existing: who has ordered before; new: who will for the first time; all: both."),
    ] = "all"


class AnOrder(Arguments):
    from_order_number: Annotated[
        int, Field(ge=1, le=5, description="After which order of its customer: 1 is the first, up to 5.")
    ]
    day: Annotated[int, Field(ge=0, le=730, description="Days after that order, up to 730.")]


class APurchase(Arguments):
    level: Annotated[Literal["product", "category"], Field(description="Of single products, or of categories.")]
    value: Annotated[
        str, Field(description="A product's id or a category; all: everybody whose first order names any.")
    ] = "all"


class AMonthEnd(Arguments):
    month_end: Annotated[str, Field(description="YYYY-MM-DD of a month end that is looked back from, or all.")] = "all"


class ASignal(Arguments):
    signal: Annotated[
        Literal["nps", "csat", "first_reply", "complaint"],
        Field(description="What customers said (nps, csat) or met with: the first reply in time or not, a complaint."),
    ]


class ARule(Arguments):
    rule_id: Annotated[
        str, Field(max_length=200, description="A rule of the playbook, with its variants; all: every rule.")
    ] = "all"


class AMeasuredMonth(Arguments):
    measure: Measure
    month: Month = "last_complete"


class ASubscriberCohort(Arguments):
    measure: Measure
    cohort_month: Annotated[
        date, Field(description="First day of the month of the first paid contract, as YYYY-MM-DD.")
    ]
    period_number: Annotated[int, Field(ge=0, le=10_000, description="Months since then; 0 is that month itself.")]


class AFunnelStage(Arguments):
    measure: Measure
    stage: Annotated[
        Literal["prospect", "new", "active", "loyal", "reactivated", "at_risk", "lost", "advocate"],
        Field(description="Stage of the funnel at the month's end; advocates stand in one of the others, too."),
    ]
    month: Month = "last_complete"


class ALadderMonth(Arguments):
    month: Month = "last_complete"


class AFeedback(Arguments):
    measure: Measure
    grain: Annotated[
        Literal["week", "month", "quarter"],
        Field(description="week (from Monday), month, or quarter; tickets, satisfaction and e-mails have no quarters."),
    ]
    period: Period = "last_complete"
    channel: Annotated[
        str, Field(max_length=200, description="Channel of tickets and satisfaction; all for all together.")
    ] = "all"


class AProgramme(Arguments):
    measure: Measure
    month: Month = "last_complete"
    tier: Annotated[
        str, Field(max_length=200, description="Tier of the loyalty programme, none for none; all for all together.")
    ] = "all"


class SomeReasons(Arguments):
    source: Annotated[
        Literal["survey", "subscription"],
        Field(description="survey: as asked by the shop; subscription: the reason of a contract that ended."),
    ]
    month: Month = "last_complete"


class AnAcquisition(Arguments):
    measure: Measure
    month: Annotated[
        date, Field(description="First day of the month of the spend and of the first order, as YYYY-MM-DD.")
    ]
    channel: Annotated[
        str, Field(max_length=200, description="Acquisition channel, unknown for none, or all for all together.")
    ] = "all"


class AGrain(Arguments):
    grain: Grain


class AWorth(Arguments):
    grain: Annotated[
        Literal["month", "quarter", "year"], Field(description="Of which retention: that of a month, quarter or year.")
    ] = "year"


class ATarget(Arguments):
    measure: Annotated[str, Field(max_length=200, description="A measure with a target; all: every one.")] = "all"
    grain: Annotated[
        Literal["all", "month", "quarter", "year"],
        Field(description="Length of the period; all: of each target its own."),
    ] = "all"
    period: Period = "last_complete"


class AnEntity(Arguments):
    entity: Annotated[
        str, Field(max_length=200, description="A raw entity, such as orders, refunds, customers or order_lines.")
    ] = "orders"


class AHealth(Arguments):
    dimension: Annotated[
        Literal[
            "all",
            "lifecycle_stage",
            "rfm_segment",
            "acquisition_channel",
            "country",
            "first_sales_channel",
            "first_category",
        ],
        Field(description="What customers are divided by, or all."),
    ] = "all"
    segment: Annotated[
        str, Field(max_length=200, description="One value of the dimension, such as at_risk; all for all customers.")
    ] = "all"
