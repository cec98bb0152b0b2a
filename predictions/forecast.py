"""What the next twelve months bring: the triangle of cohort months and order months, carried on.

A cell is expected to be: customers of the cohort x how often theirs order, beside other cohorts x the rate at that age
x the season. It is the chain ladder of actuaries, written as a Poisson model (Renshaw & Verrall 1998) and solved margin
by margin. Intervals: the variance that the months have shown about the fit (over-dispersed Poisson, England & Verrall
2002), widened by what forecasts from past months missed (split conformal prediction, Lei et al. 2018). That of a year
is no narrower than three quarters of a quarter's, as its own misses are known only when it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.refusal import MIN_CUSTOMERS, Refusal
from predictions.states import Floats

MIN_MONTHS = 12  # complete ones
WINDOW = 24  # months that the fit looks at: two whole years, and no other shop of long ago
SEASON_MONTHS = 24  # with less, a season cannot be told from chance
HORIZON = 12  # months
CREDIBILITY = 100.0  # orders; a cohort or an age with fewer follows the others more than itself
ROUNDS = 60  # of the margins
Z = 1.2815515655446004  # 90 % of the normal distribution lie below: an 80 % interval
COVERAGE = 0.8
FIRST_ORIGIN = 6  # months known at the first of the past forecasts
PAST_ORIGINS = 36  # forecasts of so many past months are looked at
ENOUGH_ERRORS = 12  # errors of the past, before the interval follows them
QUARTER = 3  # months
# What longer spans reach at least, in parts of what a quarter reaches. If the months of a year varied independently, it
# would be half as far; if all were better or worse together, as far: it lies between.
FLOOR = 0.75

Who: TypeAlias = Literal["existing", "new", "all"]
WHO: tuple[Who, ...] = ("existing", "new", "all")
Booleans: TypeAlias = NDArray[np.bool_]


class Span(NamedTuple):
    """Months ahead, from `start` (0: the first month after the last complete one) to before `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Triangle:
    """Orders or net revenue of customers, up to the last complete month. Month 0 is that of the first counted order."""

    first_month: int  # calendar month of month 0, 0 to 11
    is_first_complete: bool
    new_customers: Floats  # by cohort month
    orders: Floats  # cohort month x order month
    amounts: Floats  # what is forecast, likewise; `orders` again where it is orders

    @property
    def months(self) -> int:
        return len(self.new_customers)

    @property
    def complete_months(self) -> int:
        return self.months - (not self.is_first_complete)

    def until(self, months: int) -> Triangle:
        """What was known after so many months."""
        part = slice(0, months)
        return Triangle(
            self.first_month, self.is_first_complete, self.new_customers[part], self.orders[part, part],
            self.amounts[part, part],
        )  # fmt: skip

    def calendar_month(self, months: NDArray[np.intp]) -> NDArray[np.intp]:
        return (self.first_month + months) % 12


@dataclass(frozen=True)
class Figure:
    expected: float
    low: float
    high: float
    last_year: float  # the same months a year before, of who was existing or new then; nan where not complete


@dataclass(frozen=True)
class Forecast:
    """`has_season`: whether factors for calendar months are used. `errors`: past forecasts behind the interval."""

    figures: dict[tuple[Who, Span], Figure]
    has_season: bool
    errors: int


@dataclass(frozen=True)
class Past:
    """A forecast that was made after `origin` months, and what came. `customers`: known then."""

    origin: int
    who: Who
    span: Span
    figure: Figure
    actual: float
    customers: int


class _Miss(NamedTuple):
    who: Who
    length: int  # months
    has_season: bool
    reaches: float  # how far off, in parts of the interval's reach


# Expectation and variance.
Unwidened: TypeAlias = dict[tuple[Who, Span], tuple[float, float]]


@dataclass(frozen=True)
class _Fit:
    cohorts: Floats  # expected amounts at rate 1 without season: customers x how much theirs is beside other cohorts
    rates: Floats  # by age in months, 1 to months + HORIZON
    season: Floats  # by calendar month, mean 1
    seen: Floats  # amounts that the season of a calendar month rests on (without a season: all rests on all)
    dispersion: float  # variance of a month's amount, in parts of its expectation
    first: float  # amount of a new customer's first month
    later: float  # what new customers are beside their number, in the months after
    arrivals: Floats  # new customers per month ahead
    arrivals_seen: float
    arrivals_dispersion: float


def too_little(triangle: Triangle) -> Refusal | None:
    customers = int(triangle.new_customers.sum())
    if customers < MIN_CUSTOMERS:
        return Refusal("too_few_customers", f"A forecast needs {MIN_CUSTOMERS} customers; the shop has {customers}.")
    if triangle.complete_months < MIN_MONTHS:
        return Refusal(
            "too_short_history",
            f"A forecast needs {MIN_MONTHS} complete months; there are {triangle.complete_months}.",
        )
    return None


def forecast(triangle: Triangle, spans: Sequence[Span]) -> Forecast | Refusal:
    """Of all spans and customers. What forecasts miss is learned from those that earlier months would have made."""
    return too_little(triangle) or _widened(triangle, triangle.months, spans, _made(triangle, spans))


def backtest(triangle: Triangle, spans: Sequence[Span]) -> list[Past]:
    """What was forecast after each past month, with no more than was known then, and what came."""
    made = _made(triangle, spans)
    past = []
    for origin in sorted(made)[:-1]:
        if too_little(triangle.until(origin)):
            continue
        known = [span for span in spans if origin + span.end <= triangle.months]
        for (who, span), figure in _widened(triangle, origin, known, made).figures.items():
            customers = int(triangle.new_customers[:origin].sum())
            past.append(Past(origin, who, span, figure, actual_of(triangle, origin, who, span), customers))
    return past


def _made(triangle: Triangle, spans: Sequence[Span]) -> dict[int, Unwidened]:
    """By months known: the forecasts of the past months, and that of today."""
    first = max(FIRST_ORIGIN + (not triangle.is_first_complete), triangle.months - PAST_ORIGINS)
    return {months: _unwidened(triangle.until(months), spans) for months in range(first, triangle.months + 1)}


def _widened(triangle: Triangle, origin: int, spans: Sequence[Span], made: dict[int, Unwidened]) -> Forecast:
    known = triangle.until(origin)
    missed = []
    for earlier, forecasts in made.items():
        past_season = has_season(triangle.until(earlier))
        for (who, span), figure in forecasts.items():
            if earlier + span.end <= origin:
                reaches = _miss(*figure, actual_of(triangle, earlier, who, span))
                missed.append(_Miss(who, span.end - span.start, past_season, reaches))
    alike = [miss for miss in missed if miss.has_season == has_season(known)]

    def reach_of(who: Who, span: Span) -> float:
        """In logarithms."""
        length = span.end - span.start
        own = _widening(missed, alike, who, length) * Z * _log_spread(*made[origin][who, span])
        quarters = [one for one in spans if one.end - one.start == QUARTER] if length > QUARTER else []
        return max([own, *(FLOOR * reach_of(who, quarter) for quarter in quarters)])

    figures = {}
    for who in WHO:
        for span in spans:
            expected, _ = made[origin][who, span]
            reach = reach_of(who, span)
            low, high = expected * float(np.exp(-reach)), expected * float(np.exp(reach))
            figures[who, span] = Figure(expected, low, high, _last_year(known, who, span))
    return Forecast(figures, has_season(known), len(missed))


def has_season(triangle: Triangle) -> bool:
    return triangle.complete_months >= SEASON_MONTHS


def actual_of(triangle: Triangle, origin: int, who: Who, span: Span) -> float:
    """What came: of customers known (`existing`) or not yet known (`new`) after `origin` months."""
    cohorts = {"existing": slice(0, origin), "new": slice(origin, None), "all": slice(None)}[who]
    return float(triangle.amounts[cohorts, origin + span.start : origin + span.end].sum())


def _last_year(triangle: Triangle, who: Who, span: Span) -> float:
    origin = triangle.months - HORIZON
    if origin + span.start < (not triangle.is_first_complete):
        return float("nan")
    return actual_of(triangle, origin, who, span)


def _miss(expected: float, variance: float, actual: float) -> float:
    """How far the actual lay off, in parts of the interval's reach. Where one of the two is nothing there is no
    logarithm: it counts as just outside."""
    spread = _log_spread(expected, variance)
    if spread == 0 or actual <= 0:
        return 1.0
    return abs(float(np.log(actual / expected))) / (Z * spread)


def _log_spread(expected: float, variance: float) -> float:
    """Standard deviation of the logarithm of a log-normal amount with this mean and variance."""
    return float(np.sqrt(np.log1p(variance / expected**2))) if expected > 0 else 0.0


def _widening(missed: Sequence[_Miss], alike: Sequence[_Miss], who: Who, length: int) -> float:
    """So much wider, and the interval would have held what came of 80 % of the past forecasts of so many months. Never
    narrower. `alike`: those that knew as much of the season; where they are too few, all count, and shorter ones."""
    by_length = _reaches(alike, who, length)
    if length in by_length:
        return max(1.0, by_length[length])
    found = [1.0]
    for reaches in (by_length, _reaches(missed, who, length)):
        if reaches:
            found.append(reaches[max(reaches)])
    return max(found)


def _reaches(missed: Sequence[_Miss], who: Who, length: int) -> dict[int, float]:
    """By length, up to the one asked for: the reach that 80 % kept within, where there are enough."""
    of_length: dict[int, list[float]] = {}
    for miss in missed:
        if miss.who == who and miss.length <= length:
            of_length.setdefault(miss.length, []).append(miss.reaches)
    return {
        months: float(np.quantile(reaches, min(1.0, COVERAGE * (len(reaches) + 1) / len(reaches))))
        for months, reaches in of_length.items()
        if len(reaches) >= ENOUGH_ERRORS
    }


def _unwidened(triangle: Triangle, spans: Sequence[Span]) -> Unwidened:
    fit = _fit(triangle)
    start = triangle.months
    ahead = np.arange(HORIZON)
    season = fit.season[triangle.calendar_month(start + ahead)]
    ages = start + ahead[None, :] - np.arange(start)[:, None]  # cohort x month ahead
    existing = (fit.cohorts[:, None] * fit.rates[ages - 1]).sum(axis=0) * season
    # Of one customer who comes in a month ahead, in each month ahead.
    lives = np.zeros((HORIZON, HORIZON))
    for arrival in ahead:
        lives[arrival, arrival] = fit.first
        later = np.arange(arrival + 1, HORIZON)
        lives[arrival, later] = fit.later * fit.rates[later - arrival - 1] * season[later]
    figures: Unwidened = {}
    months = triangle.calendar_month(start + ahead)
    for span in spans:
        part = slice(span.start, span.end)
        of_existing = float(existing[part].sum())
        by_month = np.zeros(12)
        np.add.at(by_month, months[part], existing[part])
        variance = fit.dispersion * of_existing
        if fit.seen.sum() > 0:
            variance += fit.dispersion * _of_estimates(by_month, fit.seen, has_season(triangle))
        brought = lives[:, part].sum(axis=1)
        of_new = float(fit.arrivals @ brought)
        new_variance = fit.dispersion * of_new + fit.arrivals_dispersion * float(fit.arrivals @ brought**2)
        if fit.arrivals_seen > 0:
            new_variance += fit.arrivals_dispersion * of_new**2 / fit.arrivals_seen
        figures["existing", span] = of_existing, variance
        figures["new", span] = of_new, new_variance
        figures["all", span] = of_existing + of_new, variance + new_variance
    return figures


def _of_estimates(by_month: Floats, seen: Floats, has_season: bool) -> float:
    if not has_season:
        return float(by_month.sum() ** 2 / seen.sum())
    return float((by_month**2 / np.maximum(seen, 1e-9)).sum())


def _fit(triangle: Triangle) -> _Fit:
    months = triangle.months
    window = min(WINDOW, triangle.complete_months)
    cohort, month = np.indices((months, months))
    looked_at = (month > cohort) & (month >= months - window)
    cohort, month = cohort[looked_at], month[looked_at]
    amounts = triangle.amounts[looked_at]
    octave = _octave(month - cohort)
    calendar = triangle.calendar_month(month)
    orders = triangle.orders[looked_at].sum()
    prior = CREDIBILITY * amounts.sum() / orders if orders > 0 else 0.0
    age = month - cohort
    octaves = int(_octave(np.array([months + HORIZON]))[0]) + 2
    level, rates, season = np.ones(months), np.ones(octaves), np.ones(12)

    def over(groups: NDArray[np.intp], count: int, weights: Floats) -> Floats:
        return np.bincount(groups, weights, count).astype(np.float64)

    of_cohort, of_octave, of_month = (
        over(cohort, months, amounts),
        over(octave, octaves, amounts),
        over(calendar, 12, amounts),
    )
    for _ in range(ROUNDS):
        base = triangle.new_customers[cohort] * season[calendar]
        shape = np.divide(_curve(rates, age), rates[octave], out=np.zeros(len(age)), where=rates[octave] > 0)
        rates = _carried_on(of_octave, over(octave, octaves, base * level[cohort] * shape), prior)
        curve = _curve(rates, age)
        expected = over(cohort, months, base * curve)
        level = (of_cohort + prior) / (expected + prior) if prior > 0 else np.ones(months)
        if has_season(triangle):
            plain = over(calendar, 12, triangle.new_customers[cohort] * level[cohort] * curve)
            season = np.divide(of_month, plain, out=np.ones(12), where=plain > 0)
            season = season / season.mean() if season.mean() > 0 else np.ones(12)
    fitted = triangle.new_customers[cohort] * level[cohort] * curve * season[calendar]
    recent = slice(max(0, months - HORIZON), months)
    newcomers = triangle.new_customers[recent]
    came = newcomers.sum()
    first_amounts = np.diag(triangle.amounts)[recent].sum()
    arrivals, arrivals_seen, arrivals_dispersion = _arrivals(triangle)
    return _Fit(
        cohorts=triangle.new_customers * level,
        rates=_curve(rates, np.arange(1, months + HORIZON + 1)),
        season=season,
        seen=of_month,
        dispersion=_dispersion(amounts, fitted, month - (months - window), window, 12 if has_season(triangle) else 2),
        first=float(first_amounts / came) if came > 0 else 0.0,
        later=float(newcomers @ level[recent] / came) if came > 0 else 1.0,
        arrivals=arrivals,
        arrivals_seen=arrivals_seen,
        arrivals_dispersion=arrivals_dispersion,
    )


def _octave(age: NDArray[np.intp]) -> NDArray[np.intp]:
    """Ages 1; 2-3; 4-7; 8-15; ... are measured together: how often customers order falls ever more slowly."""
    return np.asarray(np.floor(np.log2(age)), dtype=np.intp)


def _curve(rates: Floats, age: NDArray[np.intp]) -> Floats:
    """Between the middles of the octaves, straight on logarithms of rate and age."""
    starts = 2.0 ** np.arange(len(rates))
    middles = np.sqrt(starts * (2 * starts - 1))
    held = rates > 0
    if not held.any():
        return np.zeros(len(age))
    return np.asarray(np.exp(np.interp(np.log(age), np.log(middles[held]), np.log(rates[held]))), dtype=np.float64)


def _carried_on(amounts: Floats, exposure: Floats, prior: float) -> Floats:
    """Rates of the octaves, which never rise: where they seem to, a season or a growing shop is seen, and they share
    one. One of which little is seen follows the two before it: the same decline again."""
    seen = int(np.flatnonzero(exposure > 0)[-1]) + 1 if (exposure > 0).any() else 0
    blocks: list[tuple[float, float, int]] = []  # pool adjacent violators
    for amount, customers in zip(amounts[:seen], exposure[:seen], strict=True):
        blocks.append((float(amount), float(customers), 1))
        while len(blocks) > 1 and blocks[-1][0] * blocks[-2][1] > blocks[-2][0] * blocks[-1][1]:
            later, earlier = blocks.pop(), blocks.pop()
            blocks.append((earlier[0] + later[0], earlier[1] + later[1], earlier[2] + later[2]))
    pooled = [amount / customers for amount, customers, size in blocks for _ in range(size)]
    rates = np.zeros(len(amounts))
    for octave in range(len(amounts)):
        if octave < 2 or prior == 0:
            rates[octave] = pooled[octave] if octave < seen else rates[octave - 1] if octave else 0.0
            continue
        before, last = rates[octave - 2], rates[octave - 1]
        like = last * min(1.0, last / before) if before > 0 else last
        own = pooled[octave] * exposure[octave] if octave < seen else 0.0
        if like > 0:
            rates[octave] = (own + prior) / (exposure[octave] + prior / like)
    return rates


def _dispersion(amounts: Floats, fitted: Floats, month: NDArray[np.intp], window: int, parameters: int) -> float:
    """Of whole months, as what moves a month moves all its cohorts; at least that of single cells."""
    if fitted.sum() <= 0:
        return 0.0
    actual, expected = np.bincount(month, amounts, window), np.bincount(month, fitted, window)
    held = expected > 0
    of_months = ((actual - expected)[held] ** 2 / expected[held]).sum() / max(1, held.sum() - parameters)
    cells = fitted > 0
    of_cells = ((amounts - fitted)[cells] ** 2 / fitted[cells]).mean()
    return float(max(of_months, of_cells))


def _arrivals(triangle: Triangle) -> tuple[Floats, float, float]:
    """New customers of the months ahead: as many as in the last twelve, by their season. With the number that this
    rests on, and how much months vary about it."""
    months = triangle.months
    window = min(WINDOW, triangle.complete_months)
    looked_at = np.arange(months - window, months)
    came = triangle.new_customers[looked_at]
    season = np.ones(12)
    calendar = triangle.calendar_month(looked_at)
    if has_season(triangle) and came.sum() > 0:
        season = np.bincount(calendar, came, 12) / came.mean() / (window / 12)
    last = triangle.new_customers[-HORIZON:]
    # A year holds each calendar month once: its mean is free of season.
    level = float(last.mean())
    expected = level * season[triangle.calendar_month(np.arange(months, months + HORIZON))]
    about = came[-HORIZON:] - level * season[calendar[-HORIZON:]]
    freedom = HORIZON / 2 if has_season(triangle) else HORIZON - 1  # half of the season is the last year itself
    dispersion = float((about**2).sum() / freedom / level) if level > 0 else 0.0
    return expected, float(last.sum()), max(1.0, dispersion) if level > 0 else 0.0
