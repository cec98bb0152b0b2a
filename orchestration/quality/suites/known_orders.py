"""After the models: orders that the published build knew, one by one, and those that it should have known."""

from orchestration.quality.checks import Check, Suite, Table

YOUNG = "a young shop has no such orders"

KNOWN_ORDERS = Suite(
    "known_orders",
    asks="Order by order against the published build: is each still what it was?",
    tables=(
        Table(
            "customers",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "orders_of_other_customers",
                    column="moved_share",
                    unit="percent",
                    says="Known orders still belong to their customers",
                    warns="{moved_orders:,.0f} of {known_orders:,.0f} known orders belong to another customer than "
                    "before, or to none: were customers renumbered or merged, or did e-mails vanish?",
                    may_be_empty="all orders may have been without a customer",
                ),
            ),
        ),
        Table(
            "sides",
            keys=("exclusion_reason",),
            compared_with="marts",
            checks=(
                Check(
                    "orders_that_changed_sides",
                    column="changed_share",
                    unit="percent",
                    says="Known orders count, or do not, as before",
                    warns="Without a newer version, {no_longer:,.0f} orders that counted no longer do, and "
                    "{only_now:,.0f} that did not count do now (reason {exclusion_reason}; for example {order_ids}): "
                    "has "
                    "a state another name, or did a column get lost?",
                    may_be_empty="there may have been no order before",
                ),
            ),
        ),
        Table(
            "moved_days",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "orders_that_moved_days",
                    column="moved_share",
                    unit="percent",
                    says="Known orders are of the days that they were of",
                    warns="{moved_orders:,.0f} of {known_orders:,.0f} known orders are of another day now, by more "
                    "than a "
                    "week, for example {order_ids}: are their numbers used again?",
                    may_be_empty="there may have been no order before",
                ),
            ),
        ),
        Table(
            "settled_orders",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "settled_orders_changed",
                    column="times_allowed",
                    unit="times",
                    says="Of orders older than 60 days no more changed than usual",
                    warns="{changed_orders:,.0f} of {settled_orders:,.0f} orders older than 60 days changed "
                    "({changed_share:.1%}), usual are at most {usual_orders:,.0f}: was everything saved anew with "
                    "other "
                    "amounts, refunds or states?",
                    may_be_empty=YOUNG,
                ),
            ),
        ),
        Table(
            "late_orders",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "late_orders_of_a_month",
                    column="late_share_of_month",
                    unit="percent",
                    says="Hardly any order came late for a month",
                    warns="{of_orders} had {known_orders:,.0f} orders, and {late_orders:,.0f} more (worth "
                    "{late_revenue:,.2f}) came only now, for example {order_ids}: are they of this shop?",
                    may_be_empty="there may have been no order before",
                ),
                Check(
                    "late_orders",
                    column="late_share",
                    unit="percent",
                    says="Hardly any order came late",
                    warns="{late_orders:,.0f} orders (worth {late_revenue:,.2f}) came only now for days more than a "
                    "week "
                    "before the end of the build before; it knew {known_orders:,.0f}. For example {order_ids}",
                    may_be_empty="there may have been no order before",
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
                    column="times_usual",
                    unit="times",
                    says="Late orders made no closed day larger than such days are",
                    warns="{order_date} had {orders_before:,.0f} orders and now has {orders:,.0f}, usual are "
                    "{usual_orders:,.0f}: was it imported twice?",
                    may_be_empty="usually no day has five late orders",
                ),
            ),
        ),
        Table(
            "near_copies",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "copied_orders",
                    column="copied_share",
                    unit="percent",
                    says="New orders are not known ones under other ids",
                    warns="{copies:,.0f} of {orders:,.0f} new orders equal another in customer and amount within ten "
                    "minutes, under another order id, for example {order_id}: were they imported twice?",
                    may_be_empty="there may be no new order",
                ),
            ),
        ),
    ),
)
