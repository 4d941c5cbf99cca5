"""Novelty: whether any trained regime explains the bars, judged by the z of `regimes/pit.py`, which should be normal.

A low likelihood is blind to what is *more* likely than usual, a dead market above all. So each way of being different
has a statistic of its own: the log likelihood ratio of z as it would then be distributed against the standard normal,
bar by bar, for each feature:

| statistic          | z if the market has changed that way                                     |
|--------------------|--------------------------------------------------------------------------|
| drift up, down     | normal, mean 0.6 with standard deviation 0.7 (the filter takes a drift   |
|                    | for a wilder state, which hides half of it), or mean 1 with 1; likewise  |
|                    | below 0                                                                  |
| wilder             | normal, standard deviation 1.5 or 2                                      |
| deader             | normal, standard deviation 0.6 or 0.3                                    |
| trending, reverting| normal, correlation +1/2 or -1/2 with the bar before                     |
| heavier tails      | Student's t of 2.5 degrees of freedom, scaled to standard deviation 1    |
| shock              | (battery only) the largest |z|, fading by a tenth a bar                   |

Two more are not of z: the calmest state drifting by a standard deviation, up or down, against what was predicted, as
`regimes/pit.py` reckons it: (battery only) "calm drift up", "calm drift down".

Two rules read them. The **battery** is one CUSUM for each (Page, 1954): s = max(0, s + ratio), raised at a limit of its
own (`regimes/novelty_limits.py`; `regimes/calibrate.py` raises them for a model that learnt too little). The
**e-process** is the e-detector of Shin, Ramdas and Rinaldo (2023): m = (1 + m) * exp(ratio), averaged over all. Under a
true model its expectation after n bars is at most n, so that an alarm within n bars has probability at most n / limit,
for every n, whatever is simulated.

An alarm is raised when a statistic reaches its limit. It is lifted, and all statistics begin anew, once all have been
below half their limits for `hold` bars in a row (of the e-process: half the logarithm). Statistics stop a little beyond
their limit, that a long alarm be forgotten as soon as a short one. A bar without z changes nothing, but ends what the
next would be correlated with.

Parameters, flat: features d, rule (2 battery, 1 e-process; 0 the battery of models trained before there were calm
drifts, which has none), hold, then the limits: 12 for each feature, then 2 for each one's calm drifts; or just one.
State, flat: raised (1 or 0), bars in a row that were quiet, the largest statistic as a share of its limit and which one
that was, then the statistics as the limits stand (12 for each feature of the e-process) and d values of z from the bar
before.
"""

import math

from collections.abc import Sequence

from market.kernel import Params, State, kernel

SHORT_BATTERY, E_PROCESS, BATTERY = 0, 1, 2
WIDTH, RULE, HOLD, LIMITS = 0, 1, 2, 3
RAISED, QUIET, SHARE, WHICH, FIRST = 0, 1, 2, 3, 4

RATIOS = 11
EACH, CALM = 12, 2
"""Statistics of a feature's z, the likelihood ratios and the shock; and of its calm drifts."""

WAYS = (
    *("drift up", "strong drift up", "drift down", "strong drift down", "wilder", "much wilder"),
    *("deader", "much deader", "trending", "reverting", "heavier tails", "shock"),
)
"""Each statistic of z in words."""
CALM_WAYS = ("calm drift up", "calm drift down")

FADE = 0.9
BEYOND = 1.25
STEADY_MEAN, STEADY_WIDE = 0.6, 0.7
HEAVY = 2.5
HEAVY_SCALE = math.sqrt((HEAVY - 2.0) / HEAVY)
HEAVY_CONSTANT = 0.7070178959612725  # nats at z = 0: log of Gamma(7/4) / Gamma(5/4) * sqrt(2 / HEAVY) / HEAVY_SCALE
MOST = 700.0  # nats of one bar, beyond which exp overflows


def battery(limits: Sequence[float], hold: int = 20) -> tuple[float, ...]:
    """Return the parameters of the battery with these limits: 12 for each feature, then 2 for each."""
    return (float(len(limits) // (EACH + CALM)), float(BATTERY), float(hold), *limits)


def e_process(features: int, bars_per_alarm: float = 20_000.0, hold: int = 20) -> tuple[float, ...]:
    """Return the parameters of the e-process whose chance of an alarm in n bars is at most n / bars_per_alarm."""
    return (float(features), float(E_PROCESS), float(hold), bars_per_alarm)


def fits(p: Params, features: int) -> bool:
    """Return whether parameters are those of a rule for so many features; () is of none, and fits all."""
    if len(p) <= LIMITS:
        return not len(p)
    sizes = {SHORT_BATTERY: EACH * features, E_PROCESS: 1, BATTERY: (EACH + CALM) * features}
    return p[WIDTH] == features and len(p) - LIMITS == sizes.get(int(p[RULE])) and min(p[LIMITS:]) > 0.0


def novelty_init(p: Params) -> list[float]:
    """Return the state before the first bar."""
    return [0.0] * (FIRST + statistics_of(p)) + [math.nan] * int(p[WIDTH])


@kernel
def statistics_of(p: Params) -> int:
    """Return the number of statistics of all features together."""
    if int(p[RULE]) == BATTERY:
        return (EACH + CALM) * int(p[WIDTH])
    return EACH * int(p[WIDTH])


def name_of(which: int, features: Sequence[str]) -> str:
    """Return a statistic in words, by its number in the state.

    >>> name_of(18, ("log_return", "garman_klass"))
    'garman_klass: deader'
    """
    calm = which - EACH * len(features)
    if calm >= 0:
        return f"{features[calm // CALM]}: {CALM_WAYS[calm % CALM]}"
    return f"{features[which // EACH]}: {WAYS[which % EACH]}"


@kernel
def novelty_step(v: State, p: Params, z: Params) -> float:
    """Fold one bar into the statistics, in place; return 1.0 when no trained regime explains the bars, or 0.0.

    `z` is the state of `regimes/pit.py`; a z that is NaN says that the bar told nothing. Allocates nothing.
    """
    width, rule, many = int(p[WIDTH]), int(p[RULE]), statistics_of(p)
    lag = FIRST + many
    if z[0] != z[0]:
        for i in range(width):
            v[lag + i] = math.nan
        return v[RAISED]
    for i in range(width):
        if rule == E_PROCESS:
            _bet(v, p, i, z[i], v[lag + i])
        else:
            _accumulate(v, p, i, z[i], v[lag + i])
        v[lag + i] = z[i]
    if rule == BATTERY:
        for at in range(CALM * width):
            _add(v, p, EACH * width + at, z[width + at])
    if rule == E_PROCESS:
        _average(v, p, width)
    else:
        _largest(v, p, many)
    return _verdict(v, p, many)


@kernel
def ratio_of(way: int, z: float, before: float) -> float:
    """Return the log likelihood ratio of z, in nats, for one way of being different; `before` is NaN after a gap."""
    if way < 4:
        side = z if way < 2 else -z
        if way == 1:
            return side - 0.5
        if way == 3:
            return side - 0.5
        gap = (side - STEADY_MEAN) / STEADY_WIDE
        return -math.log(STEADY_WIDE) - 0.5 * gap * gap + 0.5 * z * z
    if way < 8:
        wide = 1.5 if way == 4 else 2.0
        if way > 5:
            wide = 0.6 if way == 6 else 0.3
        return -math.log(wide) + 0.5 * z * z * (1.0 - 1.0 / (wide * wide))
    if way == 10:
        t = z / HEAVY_SCALE
        return HEAVY_CONSTANT - 0.5 * (HEAVY + 1.0) * math.log(1.0 + t * t / HEAVY) + 0.5 * z * z
    if before != before:
        return 0.0
    tie = 0.5 if way == 8 else -0.5
    rest = 1.0 - tie * tie
    gap = z - tie * before
    return -0.5 * math.log(rest) - 0.5 * gap * gap / rest + 0.5 * z * z


@kernel
def _accumulate(v: State, p: Params, i: int, z: float, before: float) -> None:
    """Add a bar to the CUSUMs of feature i's z."""
    for way in range(RATIOS):
        _add(v, p, i * EACH + way, ratio_of(way, z, before))
    shock = FIRST + i * EACH + RATIOS
    v[shock] = FADE * v[shock]
    if abs(z) > v[shock]:
        v[shock] = abs(z)


@kernel
def _add(v: State, p: Params, at: int, ratio: float) -> None:
    """Add a ratio to a CUSUM, which is never below 0, nor far beyond its limit."""
    total = v[FIRST + at] + ratio
    if total < 0.0:
        total = 0.0
    if total > BEYOND * p[LIMITS + at]:
        total = BEYOND * p[LIMITS + at]
    v[FIRST + at] = total


@kernel
def _bet(v: State, p: Params, i: int, z: float, before: float) -> None:
    """Let the e-values of feature i bet on a bar."""
    most = EACH * p[WIDTH] * p[LIMITS]
    for way in range(RATIOS):
        at = FIRST + i * EACH + way
        gain = ratio_of(way, z, before)
        if gain > MOST:
            gain = MOST
        wealth = (1.0 + v[at]) * math.exp(gain)
        if wealth > most:
            wealth = most
        v[at] = wealth


@kernel
def _largest(v: State, p: Params, many: int) -> None:
    """Find the statistic that is nearest to its limit, or furthest beyond it."""
    v[SHARE] = 0.0
    for at in range(many):
        share = v[FIRST + at] / p[LIMITS + at]
        if share > v[SHARE]:
            v[SHARE] = share
            v[WHICH] = float(at)


@kernel
def _average(v: State, p: Params, width: int) -> None:
    """Find the logarithm of the average wealth as a share of the limit's, and who is the richest."""
    total = 0.0
    best = 0.0
    for at in range(EACH * width):
        total = total + v[FIRST + at]
        if v[FIRST + at] > best:
            best = v[FIRST + at]
            v[WHICH] = float(at)
    average = total / (RATIOS * width)
    v[SHARE] = math.log(average) / math.log(p[LIMITS]) if average > 1.0 else 0.0


@kernel
def _verdict(v: State, p: Params, many: int) -> float:
    """Raise the alarm, keep it, or lift it and begin anew."""
    v[QUIET] = v[QUIET] + 1.0 if v[SHARE] < 0.5 else 0.0
    if v[SHARE] >= 1.0:
        v[RAISED] = 1.0
    elif v[RAISED] == 1.0 and v[QUIET] >= p[HOLD]:
        v[RAISED] = 0.0
        for at in range(many):
            v[FIRST + at] = 0.0
    return v[RAISED]
