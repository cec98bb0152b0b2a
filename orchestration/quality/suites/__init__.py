"""The suites of the gate, by theme. Keys, types and rules on rows are dbt's: here a refresh is judged, by aggregates.

A check is an entry here, an aggregate in ../sql, limits in ../thresholds.yml and a line in docs/operations.md.
"""

from orchestration.quality.suites.drift import DRIFT
from orchestration.quality.suites.raw import RAW
from orchestration.quality.suites.staging import STAGING

NAMES = ("raw", "staging", "drift")  # no build is published that one of them did not judge
SUITES = {suite.name: suite for suite in (RAW, STAGING, DRIFT)}
