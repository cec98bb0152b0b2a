"""After the models: the new orders beside those of the year before, part by part.

Limits follow from the shop's own past.
"""

from orchestration.quality.checks import Check, Suite, Table

NO_PAST = "a young shop, or one without new orders, has nothing to compare"

NEW_ORDERS = Suite(
    "new_orders",
    asks="The new orders beside the year before: are they of the same shop?",
    tables=(
        Table(
            "parts",
            keys=("dimension", "part"),
            compared_with="marts",
            checks=(
                Check(
                    "new_order_values",
                    column="value_distance",
                    unit="times",
                    says="New orders are worth what orders usually are",
                    warns="New orders ({part}) are typically worth {observed:,.2f}, usually "
                    "{usual:,.2f}: has the unit, the currency or the tax changed?",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
                Check(
                    "new_order_spread",
                    column="spread_distance",
                    unit="times",
                    says="Values of new orders are spread as usual",
                    warns="Values of new orders ({part}) are spread otherwise than usual: are two units or "
                    "currencies mixed?",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
                Check(
                    "new_order_shares",
                    column="share_distance",
                    unit="times",
                    says="New orders are divided as usual",
                    warns="{observed:.0%} of the new orders are of {part}, usually {usual:.0%}: is a part "
                    "of the orders missing?",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
                Check(
                    "new_orders_refunded",
                    column="refunded_distance",
                    unit="times",
                    says="No more of the new orders are refunded than usual",
                    warns="{observed:.0%} of the new orders ({part}) are refunded, at least in part; "
                    "usually {usual:.0%}",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
                Check(
                    "new_orders_excluded",
                    column="excluded_distance",
                    unit="times",
                    says="No more of the new orders do not count than usual",
                    warns="{observed:.0%} of the new orders ({part}) do not count; usually "
                    "{usual:.0%}: has a state another meaning?",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
                Check(
                    "new_orders_per_day",
                    column="number_distance",
                    unit="times",
                    says="About as many orders came as usual",
                    warns="{observed:,.0f} new orders came ({part}), usually {usual:,.0f} in as many days",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
            ),
        ),
        Table(
            "four_weeks",
            keys=("dimension", "part"),
            compared_with="marts",
            checks=(
                Check(
                    "values_of_four_weeks",
                    column="value_distance",
                    unit="times",
                    says="Orders of the last four weeks are worth what orders usually are",
                    warns="Orders of the last four weeks ({part}) are typically worth {observed:,.2f}, usually "
                    "{usual:,.2f}: do amounts include a tax now, or a discount no longer?",
                    may_be_empty=NO_PAST,
                    stays_accepted=1.5,
                ),
            ),
        ),
        Table(
            "large_orders",
            keys=("of_orders",),
            compared_with="marts",
            checks=(
                Check(
                    "large_new_orders",
                    column="large_orders",
                    says="No new order is worth more than five times the largest of the year before",
                    warns="{large_orders:,.0f} new orders are worth more than five times the largest of the year "
                    "before "
                    "({largest_before:,.2f}); order {order_id} is worth {largest_now:,.2f}",
                    may_be_empty="a young shop has too few orders to know",
                ),
            ),
        ),
        Table(
            "silence",
            keys=("dimension", "part"),
            compared_with="marts",
            checks=(
                Check(
                    "silent_parts",
                    column="times_the_longest_pause",
                    unit="times",
                    says="No channel, currency or kind of customer fell silent",
                    warns="There is no order of {part} since {last_order_date}, "
                    "{days_without_orders:,.0f} days "
                    "before the last one of all; the longest pause of the year before was {longest_pause:,.0f} days",
                    may_be_empty="a young shop has too few orders to know",
                    stays_accepted=float("inf"),
                ),
            ),
        ),
        Table(
            "exchange_rates",
            keys=("currency", "rate_date"),
            checks=(
                Check(
                    "exchange_rate_jumps",
                    column="times_the_rate_before",
                    unit="times",
                    says="No exchange rate jumps",
                    warns="The rate of {currency} of {rate_date} is {rate:,.6g}, the one before {rate_before:,.6g}",
                    may_be_empty="a shop may have one currency alone",
                    stays_accepted=1.0,
                ),
                Check(
                    "exchange_rates_of_a_day",
                    column="times_within_a_day",
                    unit="times",
                    says="Rates of one day agree",
                    warns="{currency} has rates of {rate_date} that differ by a factor of {times_within_a_day:,.4g}; "
                    "the "
                    "larger one counts",
                    may_be_empty="a shop may have one currency alone",
                    stays_accepted=1.0,
                ),
                Check(
                    "exchange_rate_age",
                    column="days_old",
                    unit="days",
                    says="Exchange rates are fresh",
                    warns="The latest orders in {currency} are converted at a rate that is {days_old:,.0f} days old",
                    may_be_empty="a shop may have one currency alone",
                    stays_accepted=float("inf"),
                ),
            ),
        ),
    ),
)
