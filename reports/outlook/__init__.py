"""Outlook: what customers are expected to order and bring, whose value is at risk, and how far that is to be trusted.

A model counts where the backtest shows it to be better than its simple rival, beyond chance (`trust`). Else the rival's
figure stands in its place, which is what customers ordered again in the last 365 days, or none, and a sentence says
why.
"""

from reports.outlook import calibration, customers, expected, sales, trust, value_at_risk, what_if

__all__ = ["calibration", "customers", "expected", "sales", "trust", "value_at_risk", "what_if"]
