"""The gate: what a refresh did is judged before anyone sees its figures."""
