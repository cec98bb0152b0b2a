"""The steps of a refresh as Dagster assets, thin, one module each: raw, models, gate, publish."""
