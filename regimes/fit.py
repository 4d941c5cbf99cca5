"""Training of a regime model: from rows of features to a judged model. Impure, and never loaded by a daemon.

hmmlearn as it comes fails on returns: its variance prior is in data units, its random start finds the best optimum in
one of ten fits with three states, it stops after ten iterations and calls that converged, and its states come in any
order. So: features standardised (the constants are frozen with the model), a start of ours (persistent states, from
quantile groups of rolling volatility), no variance prior, a convergence test of our own, states sorted by volatility.

hmmlearn is the engine of record. The kernel takes the same steps about twenty times as fast; with `auto` it climbs from
all starts, and hmmlearn has to find the same likelihood where the best one ended.
"""

import importlib.util
import math

from importlib.metadata import version
from typing import Literal

import msgspec
import numpy as np

from numpy.typing import NDArray

from regimes.fit_chain import Array, Chain, Climbed, Rules, sorted_by, stationary
from regimes.fit_starts import starts_of
from regimes.weights import MOST, ModelError, Parameters, Vector, pack

Covariance = Literal["diag", "full"]
Engine = Literal["auto", "hmmlearn", "kernel"]

EVERY = 20  # iterations between two looks at the objective
LONGEST = 2000  # iterations
GAIN = 1e-5  # nats of so many iterations below which the fit has converged
SAME = 1e-4  # nats between two starts that found the same model: the first is taken, whatever the last bits say
VERIFIED = 1e-8  # relative difference of the likelihoods that two engines may find of one model
EXITS = 0.5  # exits added to those seen of each state: none becomes absorbing
NO_PRIOR = 1e-12  # of the variance of a standardised feature
FEWEST_ROWS = 50  # for each state
FEWEST_SHARE = 0.01  # of the rows, for each state
SMALLEST_VARIANCE = 1e-5  # of a standardised feature: below it the state describes a halted market, or one value


class FitResult(msgspec.Struct, frozen=True, kw_only=True):
    """A trained model and how it came about."""

    parameters: Parameters
    weights: Vector
    log_likelihood: float
    """Of the standardised rows, in nats."""
    starts: Vector
    """Log likelihood that each start reached; NaN for a start that ended in a model we refuse."""
    iterations: int
    converged: bool
    rows: int
    dropped: int
    """Rows left out for a NaN or an infinity."""
    occupancy: Vector
    """Share of the training rows in each state."""
    engine: str
    """What trained it, with its version."""


class _Try(msgspec.Struct, frozen=True, kw_only=True):
    climbed: Climbed
    log_likelihood: float
    occupancy: Vector = ()
    fault: str = ""
    halted: bool = False


def fit(
    x: Array,
    states: int,
    *,
    seed: int,
    covariance: Covariance = "diag",
    starts: int = 4,
    volatility: Array | None = None,
    sticky: float = 0.0,
    engine: Engine = "auto",
) -> FitResult:
    """Train a Gaussian hidden Markov model with `states` states on x (n, d), one row a bar, oldest first.

    `volatility` (n,) is what the starts group rows by and the states are sorted by, calmest first; by default the
    distance of the first feature from its mean. `sticky` adds so many bars of persistence to each state. `engine` auto
    is the kernel, verified by hmmlearn, or hmmlearn alone where numba is not installed. Equal arguments give equal
    results. Raises ModelError when the rows cannot carry such a model.
    """
    rows, sizes, dropped = _clean(x, states, volatility)
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    if not (scale > abs(centre) * 1e-13).all():
        raise ModelError(f"fit: feature {int(scale.argmin())} is constant over the training rows: leave it out")
    z = (rows - centre) / scale
    sizes = abs(z[:, 0]) if sizes is None else sizes
    fast = engine != "hmmlearn" and (engine == "kernel" or importlib.util.find_spec("numba") is not None)
    rules = _rules(states, sticky, full=covariance == "full")
    climbs = _climbs(z, starts_of(z, sizes, states, seed, starts, full=rules.full), rules, fast=fast)
    tries = [_judged(z, sizes, climbed, rules, fast=fast) for climbed in climbs]
    best = _best(tries)
    if fast and engine == "auto":
        verify(z, best.climbed.chain, rules, best.log_likelihood)
    parameters = _parameters(best.climbed.chain, centre, scale, full=rules.full)
    return FitResult(
        parameters=parameters,
        weights=pack(parameters),
        log_likelihood=best.log_likelihood,
        starts=tuple(math.nan if each.fault else each.log_likelihood for each in tries),
        iterations=best.climbed.iterations,
        converged=best.climbed.converged,
        rows=len(z),
        dropped=dropped,
        occupancy=best.occupancy,
        engine=_engine(engine, fast=fast),
    )


def _clean(x: Array, states: int, volatility: Array | None) -> tuple[Array, Array | None, int]:
    """Return the finite rows, their volatility and how many rows were not finite."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or not 1 <= x.shape[1] <= MOST or not 2 <= states <= MOST:
        raise ModelError(
            f"fit: {states} states on rows of shape {x.shape}; use 2 to {MOST} states, 1 to {MOST} features"
        )
    sizes = None if volatility is None else np.asarray(volatility, dtype=np.float64)
    if sizes is not None and sizes.shape != x.shape[:1]:
        raise ModelError(f"fit: {len(x)} rows, but {sizes.size} values of volatility")
    known = np.isfinite(x).all(axis=1) if sizes is None else np.isfinite(np.column_stack((x, sizes))).all(axis=1)
    if known.sum() < FEWEST_ROWS * states:
        raise ModelError(f"fit: {known.sum()} usable rows; {states} states need at least {FEWEST_ROWS * states}")
    return x[known], None if sizes is None else sizes[known], int((~known).sum())


def _rules(states: int, sticky: float, *, full: bool) -> Rules:
    eye = np.eye(states)
    return Rules(prior=1.0 + sticky * eye + EXITS / (states - 1) * (1.0 - eye), full=full, floor=NO_PRIOR)


def _climbs(z: Array, begins: list[Chain], rules: Rules, *, fast: bool) -> list[Climbed]:
    """Follow every start to convergence."""
    if fast:
        from regimes.fit_kernel import climb_all  # noqa: PLC0415 - numba need not be installed

        return climb_all(z, begins, rules, LONGEST, EVERY, GAIN)
    from regimes.fit_hmmlearn import climb_with_hmmlearn  # noqa: PLC0415 - hmmlearn takes seconds to load

    return [climb_with_hmmlearn(z, begin, rules, LONGEST, EVERY, GAIN) for begin in begins]


def _judged(z: Array, sizes: Array, climbed: Climbed, rules: Rules, *, fast: bool) -> _Try:
    """Sort the states of where a start ended, calmest first, and say what is wrong with it."""
    if climbed.fault:
        return _Try(climbed=climbed, log_likelihood=math.nan, fault=climbed.fault)
    chain = climbed.chain._replace(start=stationary(climbed.chain.transitions))
    # Smoothed: we are in the training rows, nothing is decided on it.
    posteriors, likelihood = _smoothed(z, chain, rules, fast=fast)
    weight = posteriors.mean(axis=0)
    volatility = (posteriors * (sizes**2)[:, None]).mean(axis=0) / np.maximum(weight, 1e-300)
    order = np.argsort(volatility, kind="stable")
    chain, weight = sorted_by(chain, order), weight[order]
    lonely, collapsed = _lonely(weight), _collapsed(chain)
    return _Try(
        climbed=climbed._replace(chain=chain),
        log_likelihood=likelihood,
        occupancy=tuple(weight.tolist()),
        fault=lonely or collapsed,
        halted=not lonely and bool(collapsed),
    )


def _smoothed(z: Array, chain: Chain, rules: Rules, *, fast: bool) -> tuple[Array, float]:
    if fast:
        from regimes.fit_kernel import smoothed_by_kernel  # noqa: PLC0415 - as above

        return smoothed_by_kernel(z, chain, rules)
    from regimes.fit_hmmlearn import smoothed_by_hmmlearn  # noqa: PLC0415 - as above

    return smoothed_by_hmmlearn(z, chain, rules)


def _best(tries: list[_Try]) -> _Try:
    """Return the sound try with the highest objective, the first among equals; raise ModelError where there is none."""
    sound = [each for each in tries if not each.fault]
    halted = [each for each in tries if each.halted]
    if halted or not sound:
        raise ModelError((halted or tries)[0].fault)
    highest = max(each.climbed.objective for each in sound)
    return next(each for each in sound if each.climbed.objective > highest - SAME)


def verify(z: Array, chain: Chain, rules: Rules, likelihood: float) -> None:
    """Have the engine of record find the likelihood that the kernel found; raise ModelError where it finds another."""
    from regimes.fit_hmmlearn import score  # noqa: PLC0415 - as above

    found = score(z, chain, rules)
    if not abs(found - likelihood) <= VERIFIED * abs(found):
        raise ModelError(
            f"fit: the kernel finds a log likelihood of {likelihood!r}, hmmlearn {found!r} of the same model: "
            "train with engine 'hmmlearn', and report both numbers, the processor, and the versions of both"
        )


def _engine(engine: Engine, *, fast: bool) -> str:
    record = f"hmmlearn {version('hmmlearn')}"
    if not fast:
        return record
    return f"kernel, numba {version('numba')}" + (f", verified by {record}" if engine == "auto" else "")


def _lonely(weight: NDArray[np.float64]) -> str:
    """Return the complaint about a state that is hardly ever there; empty when there is none."""
    least = int(weight.argmin())
    if weight[least] >= FEWEST_SHARE:
        return ""
    return (
        f"fit: state {least} holds {weight[least]:.2%} of the bars, less than {FEWEST_SHARE:.0%}: use fewer states, "
        "more bars, or look for a wrong price"
    )


def _collapsed(chain: Chain) -> str:
    """Return the complaint about a state whose rows are all alike; empty when there is none."""
    smallest = [float(np.linalg.eigvalsh(covariance)[0]) for covariance in chain.covariances]
    state = int(np.argmin(smallest))
    if smallest[state] >= SMALLEST_VARIANCE:
        return ""
    return f"fit: the variance of state {state} collapsed to {smallest[state]:.1e}: leave halted bars and outliers out"


def _parameters(chain: Chain, centre: Array, scale: Array, *, full: bool) -> Parameters:
    """Return a chain as plain numbers."""
    return Parameters(
        centre=tuple(centre.tolist()),
        scale=tuple(scale.tolist()),
        start=tuple(chain.start.tolist()),
        transitions=tuple(map(tuple, chain.transitions.tolist())),
        means=tuple(map(tuple, chain.means.tolist())),
        covariances=tuple(tuple(map(tuple, c)) for c in chain.covariances.tolist()),
        full=full,
    )
