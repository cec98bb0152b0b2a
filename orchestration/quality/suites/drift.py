"""After the models: what changed against the published build of the same shop and settings."""

from orchestration.quality.checks import Check, Suite, Table

DRIFT = Suite(
    "drift",
    asks="Against the published build: what changed that should not have?",
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
                    warns="marts.{mart} has {rows:,.0f} rows, {rows_before:,.0f} before",
                    may_be_empty="the build before may have been of a shop without orders",
                ),
            ),
        ),
        Table(
            "closed_months",
            keys=("month_start",),
            compared_with="marts",
            checks=(
                Check(
                    "unexplained_revenue_share",
                    column="unexplained_revenue_share",
                    unit="percent",
                    says="Closed months changed only by late orders and newer versions",
                    warns="The closed month {month_start:%B %Y} changed from {net_revenue_before:,.2f} to "
                    "{net_revenue_now:,.2f}: {unexplained_orders:,.0f} orders are gone or differ without a newer "
                    "version, for example {order_ids}",
                    may_be_empty="a young shop has no closed month",
                ),
            ),
        ),
        Table(
            "closed_days",
            keys=("order_date",),
            compared_with="marts",
            checks=(
                Check(
                    "added_orders_of_a_day",
                    column="added_share",
                    unit="percent",
                    says="No closed day has grown much by late orders",
                    warns="{order_date} had {orders_before:,.0f} orders and now has {orders:,.0f}: was it imported "
                    "twice?",
                    may_be_empty="a young shop has no closed day",
                ),
            ),
        ),
        Table(
            "order_values",
            keys=("distribution",),
            compared_with="marts",
            checks=(
                Check(
                    "order_value_shift",
                    column="stability_index",
                    says="Order values are spread as before",
                    warns="Order values of the last 91 days are spread otherwise than before: has the unit or the "
                    "currency changed?",
                    may_be_empty="all orders may be free of charge",
                ),
            ),
        ),
        Table(
            "order_frequency",
            keys=("days",),
            compared_with="marts",
            checks=(
                Check(
                    "orders_per_day",
                    column="orders_per_day_ratio",
                    unit="percent",
                    says="As many orders come per day as before",
                    warns="{orders_per_day:,.1f} orders per day in the last 28 days, {orders_per_day_before:,.1f} "
                    "before",
                    may_be_empty="there may have been no order before",
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
        Table(
            "rfm_cells",
            keys=("distribution",),
            compared_with="marts",
            checks=(
                Check(
                    "rfm_shift",
                    column="stability_index",
                    says="Customers are spread over the RFM cells as before",
                    warns="Customers are spread over the RFM cells otherwise than before",
                    may_be_empty="all orders may be without a customer",
                ),
            ),
        ),
    ),
)
