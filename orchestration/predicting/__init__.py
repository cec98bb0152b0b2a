"""What is predicted in a refresh: read of `int_*` models, computed by steps, written as the source `predictions`.

A further model is a module in `steps/` that holds a `Step`, its name in `steps.STEPS`, and, where it writes a new
table, that table in models/predictions/predictions.yml. Marts that read it say `meta: {phase: after_predictions}`, and
read the rows of their own build alone. A model that it reads is exported for other engines: `post_hook` in its YAML, as
`int_repeat_buying` has it.
"""
