"""The figures of merit of compared runs, for all contacts and by true strike type."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from averages import mean, median, percent, quantile, root_mean_square, spread
from comparing import Comparison, Pair, spare_times_s, strike_waits_s, type_changes
from figures import ALL, COLUMNS, TYPES, Figure, Limit

LOW_CONFIDENCE = 0.8
COUNT = "true contacts"
CHANGED = "strike type other in the stride's record, %"


def figures_of(
    comparisons: Sequence[Comparison], limits: Mapping[str, Limit]
) -> tuple[Figure, ...]:
    """All figures of merit over some runs together."""
    pairs = [pair for one in comparisons for pair in one.pairs]
    values = {
        **_found(comparisons, pairs),
        **_timing(pairs),
        **_angle(comparisons, pairs),
        **_type(pairs),
        **_known(comparisons),
    }
    return tuple(
        Figure(name, by, limits.get(name), decimals=0 if name == COUNT else 1)
        for name, by in values.items()
    )


Values = dict[str, dict[str, float]]
Measure = Callable[[Sequence[Pair]], float]


def by_type(pairs: Sequence[Pair], measure: Measure) -> dict[str, float]:
    """A figure of all pairs and of those of each true strike type; NaN for none."""
    chosen: dict[str, Sequence[Pair]] = {ALL: pairs}
    for kind in TYPES:
        chosen[kind.value] = [pair for pair in pairs if pair.true.strike_type is kind]
    return {name: measure(some) if some else math.nan for name, some in chosen.items()}


def _found(comparisons: Sequence[Comparison], pairs: Sequence[Pair]) -> Values:
    missed = [contact for one in comparisons for contact in one.missed]
    invented = sum(len(one.invented) for one in comparisons)
    true = [pair.true for pair in pairs] + missed
    count = {ALL: len(true)} | {k.value: sum(c.strike_type is k for c in true) for k in TYPES}
    lost = {ALL: len(missed)} | {k.value: sum(c.strike_type is k for c in missed) for k in TYPES}
    return {
        COUNT: {name: float(number) for name, number in count.items()},
        "contacts missed, %": {name: percent(lost[name], count[name]) for name in COLUMNS},
        "contacts invented, %": {ALL: percent(invented, len(true))},
    }


def _timing(pairs: Sequence[Pair]) -> Values:
    def ic(some: Sequence[Pair]) -> list[float]:
        return [1e3 * pair.ic_error_s for pair in some]

    def tc(some: Sequence[Pair]) -> list[float]:
        return [1e3 * pair.tc_error_s for pair in some]

    def contact(some: Sequence[Pair]) -> list[float]:
        return [1e3 * abs(pair.contact_time_error_s) for pair in some]

    return {
        "IC error, median, ms": by_type(pairs, lambda some: median(ic(some))),
        "IC error, SD, ms": by_type(pairs, lambda some: spread(ic(some))),
        "TC error, median, ms": by_type(pairs, lambda some: median(tc(some))),
        "TC error, SD, ms": by_type(pairs, lambda some: spread(tc(some))),
        "contact time, mean absolute error, ms": by_type(pairs, lambda some: mean(contact(some))),
    }


def _angle(comparisons: Sequence[Comparison], pairs: Sequence[Pair]) -> Values:
    def errors(some: Sequence[Pair]) -> list[float]:
        return [pair.fsa_error_deg for pair in some]

    within = [spread(errors(one.pairs)) for one in comparisons]
    of_a_foot = [spread(errors(list(own))) for one in comparisons for own in _feet(one.pairs)]
    return {
        "strike angle, bias, °": by_type(pairs, lambda some: mean(errors(some))),
        "strike angle, RMSE, °": by_type(pairs, lambda some: root_mean_square(errors(some))),
        "strike angle, SD within a run, °": {ALL: mean(within)},
        "strike angle, SD within a run and foot, °": {ALL: mean(of_a_foot)},
    }


def _feet(pairs: Sequence[Pair]) -> Iterable[list[Pair]]:
    ordered = sorted(pairs, key=lambda pair: pair.true.foot)
    return [list(own) for _, own in groupby(ordered, key=lambda pair: pair.true.foot)]


def _type(pairs: Sequence[Pair]) -> Values:
    sure = [pair for pair in pairs if pair.found.strike.confidence >= LOW_CONFIDENCE]
    right = by_type(pairs, right_share)
    return {
        "strike type right, %": {ALL: right[ALL]},
        "recall, %": {name: value for name, value in right.items() if name != ALL},
        f"confidence below {LOW_CONFIDENCE}, %": by_type(pairs, _low_share),
        "right without these, %": by_type(sure, right_share),
    }


def right_share(pairs: Sequence[Pair]) -> float:
    """Percent of the pairs whose strike type is right."""
    return percent(sum(pair.is_right for pair in pairs), len(pairs))


def _low_share(pairs: Sequence[Pair]) -> float:
    low = sum(pair.found.strike.confidence < LOW_CONFIDENCE for pair in pairs)
    return percent(low, len(pairs))


def _known(comparisons: Sequence[Comparison]) -> Values:
    swung = [1e3 * wait_s for one in comparisons for wait_s in strike_waits_s(one, swung=True)]
    cut = [1e3 * wait_s for one in comparisons for wait_s in strike_waits_s(one, swung=False)]
    changed = [changes for one in comparisons for changes in type_changes(one)]
    spare = [1e3 * time_s for one in comparisons for time_s in spare_times_s(one.strides)]
    return {
        "strike known after contact, longest, ms": {ALL: max(swung, default=math.nan)},
        "strike known after contact, 99 %, ms": {ALL: quantile(swung, 0.99)},
        "recording begins less than 0.1 s before contact, %": {
            ALL: percent(len(cut), len(cut + swung))
        },
        "strike of these known after contact, longest, ms": {ALL: max(cut, default=math.nan)},
        CHANGED: {ALL: percent(sum(changed), len(changed))},
        "record known before next landing, shortest, ms": {ALL: min(spare, default=math.nan)},
    }
