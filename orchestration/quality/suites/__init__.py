"""The suites of the gate, by theme. Keys, types and rules on rows are dbt's: here a refresh is judged, by aggregates.

A check is an entry here, an aggregate in ../sql, limits in ../thresholds.yml and a line in docs/operations.md.
"""

from orchestration.quality.suites.closed_months import CLOSED_MONTHS
from orchestration.quality.suites.drift import DRIFT
from orchestration.quality.suites.known_orders import KNOWN_ORDERS
from orchestration.quality.suites.new_orders import NEW_ORDERS
from orchestration.quality.suites.raw import RAW
from orchestration.quality.suites.signals import SIGNALS
from orchestration.quality.suites.staging import STAGING

# No build is published that one of them did not judge.
NAMES = ("raw", "staging", "known_orders", "new_orders", "closed_months", "signals", "drift")
SUITES = {suite.name: suite for suite in (RAW, STAGING, KNOWN_ORDERS, NEW_ORDERS, CLOSED_MONTHS, SIGNALS, DRIFT)}
