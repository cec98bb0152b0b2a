"""Dagster's page, and what keeps other pages in the same browser away from it."""
