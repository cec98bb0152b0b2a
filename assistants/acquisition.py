"""What winning customers cost in a month, and what they brought afterwards."""

from __future__ import annotations

from assistants.answers import AcquisitionAnswer, AcquisitionFigure
from assistants.arguments import AnAcquisition
from assistants.figures import known_in, not_of_one, parts, told, whether_over
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions

ECONOMICS = "acquisition_economics"
# What a single customer cost and brought is that person's; the spend of a month is not.
OF_NOBODY = ("spend", "retention_spend", "new_customers")


def get_acquisition(reading: Reading, asked: AnAcquisition) -> AcquisitionAnswer:
    term = known_in(reading, ECONOMICS, asked.measure, "get_acquisition")
    key = {"cohort_month": asked.month, "acquisition_channel": asked.channel}
    found = reading.rows(questions.figure(ECONOMICS, asked.measure, key))
    if not found:
        raise RefusedError(
            f"nobody came and nothing was spent in the month that begins on {asked.month}"
            f"{'' if asked.channel == ALL else ' on a channel of this name'}; {reading.stand}"
        )
    row = found[0]
    if asked.measure not in OF_NOBODY:
        not_of_one(row["new_customers"])
    figure = AcquisitionFigure(
        **parts(reading, ECONOMICS, term, row),
        cohort_month=row["cohort_month"],
        acquisition_channel=row["acquisition_channel"],
        customers=row["new_customers"],
        is_complete=row["is_complete"],
    )
    channel = "all channels" if asked.channel == ALL else ENGLISH.dimension_value(asked.channel)
    of = f"{channel} in {ENGLISH.period('month', asked.month)}"
    return AcquisitionAnswer(
        sentence=f"{told(figure, of, reading.build.currency)}; {whether_over(figure.is_complete)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )
