"""After the models: months that were over, beside the last build and what was published of them at first."""

from orchestration.quality.checks import Check, Suite, Table

YOUNG = "a young shop has no closed month"

CLOSED_MONTHS = Suite(
    "closed_months",
    asks="Figures of months that were over: are they what was published?",
    tables=(
        Table(
            "restated",
            keys=("month_start",),
            compared_with="marts",
            checks=(
                Check(
                    "unexplained_revenue_share",
                    column="unexplained_revenue_share",
                    unit="percent",
                    says="Closed months changed only by late orders, refunds and newer versions",
                    warns="The closed month {month_start:%B %Y} changed from {net_revenue_before:,.2f} to "
                    "{net_revenue_now:,.2f}: {unexplained_orders:,.0f} orders are gone or differ without a newer "
                    "version, for example {order_ids}",
                    may_be_empty=YOUNG,
                ),
            ),
        ),
        Table(
            "since_published",
            keys=("month_start",),
            compared_with="history",
            checks=(
                Check(
                    "changed_since_published",
                    column="change_since_settled",
                    unit="percent",
                    says="Closed months are what was published of them",
                    warns="{month_start:%B %Y} was published with {published_orders:,.0f} orders of "
                    "{published_customers:,.0f} customers and {published_revenue:,.2f} (as of {published_as_of}) and "
                    "now has {orders:,.0f} of {purchasing_customers:,.0f} and {net_revenue:,.2f}: small changes have "
                    "added up",
                    may_be_empty=YOUNG,
                ),
                Check(
                    "unexplained_since_published",
                    column="unexplained_share",
                    unit="percent",
                    says="Unexplained changes of closed months have not added up",
                    warns="{unexplained_revenue:,.2f} of the revenue of {month_start:%B %Y} ({published_revenue:,.2f} "
                    "as "
                    "of {published_as_of}) changed without an explanation, build by build",
                    may_be_empty=YOUNG,
                ),
            ),
        ),
    ),
)
