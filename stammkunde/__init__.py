"""The ground floor that everything else stands on: places, settings, files, DuckDB, dbt, the published file.

Nothing here imports another package of the project; the layers stand in pyproject.toml and are checked in `make lint`.
"""
