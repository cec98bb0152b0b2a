"""Before dbt starts: the raw entities, as they were measured."""

from orchestration.quality.checks import Check, Suite, Table

UNDATED = "before dbt has run, only dates in ISO form are read"
NO_ROWS = "an entity may have no rows; that no order counts is found behind the models"

RAW = Suite(
    "raw",
    asks="Before dbt starts: is everything there that was there before?",
    tables=(
        Table(
            "entities",
            keys=("entity",),
            compared_with="raw",
            checks=(
                Check(
                    "entities_missing",
                    column="is_missing",
                    says="Every raw entity that had rows before has rows now",
                    warns="{entity} had {rows_before:,.0f} rows before and is missing or empty now",
                ),
            ),
        ),
        Table(
            "columns",
            keys=("column_name",),
            compared_with="columns",
            checks=(
                Check(
                    "columns_emptied",
                    column="is_empty_now",
                    says="Every column that had values has some",
                    warns="{column_name} had {filled_before:,.0f} values before and has none now: was a column of the "
                    "export renamed or left out?",
                    may_be_empty=NO_ROWS,
                ),
                Check(
                    "columns_less_filled",
                    column="filled_share_fall",
                    unit="points",
                    says="Columns are filled as before",
                    warns="{column_name} has a value in {filled_share:.1%} of the rows, {filled_share_before:.1%} "
                    "before",
                    may_be_empty=NO_ROWS,
                ),
            ),
        ),
        Table(
            "new_values",
            keys=("column_name", "value"),
            compared_with="columns",
            checks=(
                Check(
                    "new_values",
                    column="new_share",
                    unit="percent",
                    says="States, channels, currencies and the like are known ones",
                    warns="{column_name} has a value that it never had: {value}, in {rows:,.0f} rows (amounts together "
                    "{amount:,.2f}). What does it mean?",
                    may_be_empty="a shop may have none of these columns",
                ),
                Check(
                    "new_values_of_new_rows",
                    column="share_of_new_rows",
                    unit="percent",
                    says="New rows have the states, channels, currencies and the like that rows had",
                    warns="{column_name} has a value that it never had: {value}, in {rows:,.0f} rows, where "
                    "{new_rows:,.0f} "
                    "more came than before: was a value renamed?",
                    may_be_empty="a shop may have none of these columns",
                ),
            ),
        ),
        Table(
            "lines",
            keys=("entity",),
            checks=(
                Check(
                    "malformed_rows_share",
                    column="malformed_share",
                    unit="percent",
                    says="Files are whole: their lines have the columns of the header",
                    warns="{malformed_rows:,.0f} of {rows:,.0f} lines of {entity} do not have the columns of the "
                    "header: the file is damaged, or its format has changed",
                    may_be_empty=NO_ROWS,
                ),
            ),
        ),
        Table(
            "orders",
            keys=("entity",),
            compared_with="marts",
            checks=(
                Check(
                    "order_rows_kept",
                    column="rows_ratio",
                    unit="percent",
                    says="The export of orders has not shrunk",
                    warns="Only {rows:,.0f} order rows came, {rows_before:,.0f} before: is the export complete?",
                    may_be_empty="there may have been no order before",
                ),
                Check(
                    "order_rows_grown",
                    column="rows_ratio",
                    unit="percent",
                    says="The export of orders has not multiplied",
                    warns="{rows:,.0f} order rows came, {rows_before:,.0f} before: was something loaded twice?",
                    may_be_empty="there may have been no order before",
                ),
                Check(
                    "days_missing_at_the_start",
                    column="days_missing_at_the_start",
                    unit="days",
                    says="Orders begin no later than before",
                    warns="Orders now begin on {first_date}, before on {first_date_before}: "
                    "{orders_before_the_first:,.0f} "
                    "known orders of the first days are missing",
                    may_be_empty=UNDATED,
                    stays_accepted=10,  # a source that keeps the last months only loses some days each time
                ),
                Check(
                    "days_missing_at_the_end",
                    column="days_missing_at_the_end",
                    unit="days",
                    says="Orders reach at least as far as before",
                    warns="Orders now end on {last_date}, before on {last_date_before}: {orders_after_the_last:,.0f} "
                    "known orders of the last days are missing",
                    may_be_empty=UNDATED,
                ),
            ),
        ),
        Table(
            "other_entities",
            keys=("entity",),
            compared_with="raw",
            checks=(
                Check(
                    "other_rows_kept",
                    column="rows_ratio",
                    unit="percent",
                    says="The other exports have not shrunk",
                    warns="{entity} has only {rows:,.0f} rows, {rows_before:,.0f} before: is the export complete?",
                    may_be_empty="a shop may have no other entities",
                ),
            ),
        ),
        Table(
            "freshness",
            keys=("entity",),
            checks=(
                Check(
                    "days_since_the_last_order",
                    column="days_old",
                    unit="days",
                    says="The orders are fresh",
                    warns="The latest order is of {last_date}, {days_old:.0f} days ago: does the export still run?",
                    may_be_empty=UNDATED,
                ),
            ),
        ),
    ),
)
