"""Tests: claims with known answers. `tests/data` holds those that dbt runs on every build."""
