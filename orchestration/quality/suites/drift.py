"""After the models: what the marts say beside those of the published build."""

from orchestration.quality.checks import Check, Suite, Table

DRIFT = Suite(
    "drift",
    asks="The marts beside the published ones: what changed that should not have?",
    tables=(
        Table(
            "mart_rows",
            keys=("mart",),
            compared_with="marts",
            checks=(
                Check(
                    "mart_rows_kept",
                    column="rows_ratio",
                    unit="percent",
                    says="No mart has lost rows",
                    warns="marts.{mart} has {rows:,.0f} rows, {rows_before:,.0f} before{erased_since}",
                    may_be_empty="the build before may have been of a shop without orders",
                    follows_from=("days_missing_at_the_start", "order_rows_kept"),
                ),
                Check(
                    "predictions_refused",
                    column="refused_rows",
                    says="No model that predicted in the build before is refused now",
                    warns="marts.{mart} has {rows:,.0f} rows, {rows_before:,.0f} before, as {refusal}",
                    may_be_empty="the build before may have been of a shop without orders",
                ),
            ),
        ),
        Table(
            "definitions",
            keys=("definition",),
            compared_with="marts",
            checks=(
                Check(
                    "figures_moved_by_definitions",
                    column="moved_figures",
                    says="No setting and no model changed figures that were published",
                    warns="Since the build before, {definition} changed from {was} to {is_now}, and "
                    "{moved_figures:,.0f} "
                    "figures of closed months are others, for example {figure} of {month_start:%B %Y}: "
                    "{value_before:,.4g} "
                    "became {value_now:,.4g}",
                    may_be_empty="usually no setting or model has changed",
                ),
            ),
        ),
        Table(
            "new_customers",
            keys=("months",),
            compared_with="marts",
            checks=(
                Check(
                    "new_customer_share_change",
                    column="change",
                    unit="points",
                    says="New customers have about the share that they had",
                    warns="{new_customer_share:.1%} of the purchasers of the last three months are new, "
                    "{new_customer_share_before:.1%} before: are customers still recognised?",
                    may_be_empty="a young shop has no complete month",
                ),
            ),
        ),
    ),
)
