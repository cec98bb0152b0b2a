"""After the models: what customers do beside their orders, and the health that follows from it."""

from orchestration.quality.checks import Check, Suite, Table

SIGNALS = Suite(
    "signals",
    asks="The signals: does each still come, and is health spread as before?",
    tables=(
        Table(
            "silence",
            keys=("signal", "source_system"),
            checks=(
                Check(
                    "silent_signals",
                    column="times_the_longest_pause",
                    unit="times",
                    says="No signal fell silent",
                    warns="There is no {signal} of {source_system} since {last_date}, {days_without_events:,.0f} days "
                    "before the last order; the longest pause of the year before was {longest_pause:,.0f} days, with "
                    "{events:,.0f} events",
                    may_be_empty="a shop may have no signals, or too few to know",
                    stays_accepted=float("inf"),
                ),
            ),
        ),
        Table(
            "health",
            keys=("health_band",),
            compared_with="marts",
            checks=(
                Check(
                    "health_band_share_change",
                    column="change",
                    unit="points",
                    says="Health is spread as before",
                    warns="{band_share:.1%} of the customers are {health_band}, {band_share_before:.1%} before: has a "
                    "signal begun, ended or changed its meaning?",
                    may_be_empty="the build before may have had no health, or few customers",
                ),
            ),
        ),
    ),
)
