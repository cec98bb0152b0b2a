"""The steps, in the order in which they are taken; none reads what another wrote."""

from orchestration.predicting.step import Step
from orchestration.predicting.steps.buyers import BUYERS
from orchestration.predicting.steps.churn import CHURN
from orchestration.predicting.steps.past_buyers import PAST_BUYERS
from orchestration.predicting.steps.sales import SALES

STEPS: tuple[Step, ...] = (BUYERS, PAST_BUYERS, CHURN, SALES)
