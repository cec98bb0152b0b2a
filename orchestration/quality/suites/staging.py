"""After the models: what became of the raw rows."""

from orchestration.quality.checks import Check, Suite, Table

STAGING = Suite(
    "staging",
    asks="After staging: what became of the raw rows?",
    tables=(
        Table(
            "counted_orders",
            keys=("orders_of",),
            checks=(
                Check(
                    "orders_counted",
                    column="orders",
                    says="There are orders that count",
                    warns="No order counts: see the reasons in marts.row_accounting",
                ),
            ),
        ),
        Table(
            "order_rows",
            keys=("entity",),
            checks=(
                Check(
                    "quarantined_orders_share",
                    column="quarantined_share",
                    unit="percent",
                    says="Few order rows are unusable",
                    warns="{quarantined:,.0f} of {rows:,.0f} order rows cannot be used: see marts.row_accounting for "
                    "the reasons and staging.quarantined_orders for the rows",
                ),
                Check(
                    "conflicting_orders_share",
                    column="conflicting_share",
                    unit="percent",
                    says="Hardly any order came in two forms of which nothing says which is right",
                    warns="{conflicting:,.0f} of {rows:,.0f} order rows have the number of another order, differ from "
                    "it and are not older, so they may be other orders: see staging.superseded_orders "
                    "(superseded_reason conflict), and make check for examples",
                ),
            ),
        ),
        Table(
            "order_rows_compared",
            keys=("entity",),
            compared_with="marts",
            checks=(
                Check(
                    "quarantined_orders_rise",
                    column="quarantined_share_rise",
                    unit="points",
                    says="No more order rows are unusable than before",
                    warns="{quarantined_share:.1%} of the order rows cannot be used, {quarantined_share_before:.1%} "
                    "before: has the format of the export changed?",
                    may_be_empty="there may have been no order before",
                ),
            ),
        ),
        Table(
            "other_rows",
            keys=("entity",),
            checks=(
                Check(
                    "quarantined_other_share",
                    column="quarantined_share",
                    unit="percent",
                    says="Few rows of other entities are unusable",
                    warns="{quarantined:,.0f} of {rows:,.0f} rows of {entity} cannot be used",
                    may_be_empty="a shop may have no other entities",
                ),
            ),
        ),
        Table(
            "equal_orders",
            keys=("order_date",),
            checks=(
                Check(
                    "copied_orders_of_a_day",
                    column="copied_share",
                    unit="percent",
                    says="No day's orders came twice under other ids",
                    warns="{copies:,.0f} of the {orders:,.0f} orders of {order_date} equal another in customer, time "
                    "and amount under another order id: was this day imported twice?",
                    may_be_empty="all orders may be free of charge",
                ),
            ),
        ),
    ),
)
