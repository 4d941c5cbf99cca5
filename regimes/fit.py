"""Training of a regime model: from rows of features to a judged model. Impure, and never loaded by a daemon.

hmmlearn as it comes fails on returns: its variance prior is in data units, its random start finds the best optimum in
one of ten fits with three states, it stops after ten iterations and calls that converged, and its states come in any
order. So: features standardised (the constants are frozen with the model), starts of ours (persistent states, from
groups of rows), no variance prior, a convergence test of our own, states sorted by volatility.

hmmlearn is the engine of record. The kernel takes the same steps about twenty times as fast; with `auto` it climbs from
all starts, and hmmlearn has to find the same likelihood where the best one ended.
"""

import importlib.util
import math

from importlib.metadata import version
from typing import Literal

import msgspec
import numpy as np

from regimes.filter import filter_rows
from regimes.fit_chain import Array, Chain, Climbed, Rules, sorted_by, stationary
from regimes.fit_rows import Rows, rows_of
from regimes.fit_starts import HEAVY, from_model, starts_of
from regimes.weights import LIGHTEST, ModelError, Parameters, Vector, pack

Covariance = Literal["diag", "full"]
Emission = Literal["gauss", "t"]
Engine = Literal["auto", "hmmlearn", "kernel"]

STARTS = {"hmmlearn": 4, "kernel": 60}
"""Of each engine, unless told."""
EVERY = 20  # iterations between two looks at the objective
LONGEST = 2000  # iterations
GAIN = 1e-5  # nats of so many iterations below which the fit has converged
SAME = 1e-4  # nats between two starts that found the same model: the first is taken, whatever the last bits say
VERIFIED = 1e-8  # relative difference of the likelihoods that two programs may find of one model
EXITS = 0.5  # exits added to those seen of each state: none becomes absorbing
NO_PRIOR = 1e-12  # of the variance of a standardised feature
FEWEST_SHARE = 0.01  # of the rows, for each state
LONGEST_STAY = 10.0  # times the rows: a state that lasts longer is absorbing; without sticky none lasts above 2 times
SMALLEST_VARIANCE = 1e-5  # of a standardised feature: below it the state describes a halted market, or one value


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What every training comes to, whichever the detector."""

    weights: Vector
    log_likelihood: float
    """Of the standardised rows, in nats."""
    starts: Vector
    """Log likelihood that each start reached, the warm one first; NaN for one that ended in a model we refuse."""
    warm: bool
    """The model was reached from the one before."""
    iterations: int
    converged: bool
    rows: int
    dropped: int
    """Rows left out, all together."""
    halted: int
    """Of these: rows of a halted market."""
    wild: int
    """Of these: rows with a value beyond belief."""
    occupancy: Vector
    """Share of the training rows in each state."""
    engine: str
    """What trained it, with its version."""


class FitResult(Fitted, frozen=True, kw_only=True):
    """A trained model and how it came about."""

    parameters: Parameters


class _Try(msgspec.Struct, frozen=True, kw_only=True):
    climbed: Climbed
    log_likelihood: float
    occupancy: Vector = ()
    fault: str = ""


def fit(
    x: Array,
    states: int,
    *,
    seed: int,
    covariance: Covariance = "diag",
    emission: Emission | float = "gauss",
    starts: int | None = None,
    warm: Parameters | None = None,
    volatility: Array | None = None,
    sticky: float = 0.0,
    engine: Engine = "auto",
) -> FitResult:
    """Train a hidden Markov model with `states` states on x (n, d), one row a bar, oldest first.

    Rows are left out that are not finite, that belong to a halt or are wild: `regimes/fit_rows.py` has the rules.
    `volatility` (n,) is what starts group rows by, halts are seen by and the states are sorted by, calmest first; by
    default the distance of the first feature from its mean. `emission` t is Student's, its degrees of freedom fitted
    state by state; a number is Student's t of so many. `sticky` adds so many bars of persistence to each state. `warm`
    is a model to start from beside the fresh `starts`. `engine` auto is the kernel, verified by hmmlearn (Student's t:
    by the live filter), or hmmlearn alone where numba is not installed; the kernel alone is for simulations. Equal
    arguments give equal results. Raises ModelError when the rows cannot carry such a model.
    """
    if not 0.0 <= sticky < math.inf:
        raise ModelError(f"fit: sticky {sticky:g}: it adds a finite number of bars, from 0")
    rows = rows_of(x, states, volatility)
    fast = engine == "kernel" or (engine == "auto" and importlib.util.find_spec("numba") is not None)
    heavy = _heaviness(emission, fast=fast)
    rules = _rules(states, sticky, full=covariance == "full", free=emission == "t")
    count = STARTS["kernel" if fast else "hmmlearn"] if starts is None else starts
    begins = [] if warm is None else [from_model(warm, rows, states, full=rules.full, dof=heavy)]
    begins += starts_of(rows, states, seed, count, full=rules.full, dof=heavy)
    tries = [_judged(rows, climbed, rules, fast=fast) for climbed in _climbs(rows.z, begins, rules, fast=fast)]
    best = _best(tries)
    parameters = parameters_of(best.climbed.chain, rows, full=rules.full)
    result = FitResult(
        parameters=parameters,
        weights=pack(parameters),
        log_likelihood=best.log_likelihood,
        starts=tuple(math.nan if each.fault else each.log_likelihood for each in tries),
        warm=warm is not None and best is tries[0],
        iterations=best.climbed.iterations,
        converged=best.climbed.converged,
        rows=len(rows.z),
        dropped=rows.missing + rows.halted + rows.wild,
        halted=rows.halted,
        wild=rows.wild,
        occupancy=best.occupancy,
        engine=f"hmmlearn {version('hmmlearn')}" if not fast else f"kernel, numba {version('numba')}",
    )
    return verified(result, rows, rules, best.climbed.chain) if fast and engine == "auto" else result


def _heaviness(emission: Emission | float, *, fast: bool) -> float:
    """Return the degrees of freedom to start with; infinite: Gaussian."""
    if emission == "gauss":
        return math.inf
    if not fast:
        raise ModelError("fit: hmmlearn has no Student-t states: train with engine 'auto' or 'kernel' (install numba)")
    if emission == "t":
        return HEAVY
    if not 2.0 < emission <= LIGHTEST:
        raise ModelError(
            f"fit: {emission:g} degrees of freedom: Student-t states have some above 2 and up to {LIGHTEST:g}"
        )
    return emission


def _rules(states: int, sticky: float, *, full: bool, free: bool) -> Rules:
    eye = np.eye(states)
    return Rules(1.0 + sticky * eye + EXITS / (states - 1) * (1.0 - eye), full, NO_PRIOR, free)


def _climbs(z: Array, begins: list[Chain], rules: Rules, *, fast: bool) -> list[Climbed]:
    """Follow every start to convergence."""
    if fast:
        from regimes.fit_kernel import climb_all  # noqa: PLC0415 - numba need not be installed

        return climb_all(z, begins, rules, LONGEST, EVERY, GAIN)
    from regimes.fit_hmmlearn import climb_with_hmmlearn  # noqa: PLC0415 - hmmlearn takes seconds to load

    return [climb_with_hmmlearn(z, begin, rules, LONGEST, EVERY, GAIN) for begin in begins]


def _judged(rows: Rows, climbed: Climbed, rules: Rules, *, fast: bool) -> _Try:
    """Sort the states of where a start ended, calmest first, and say what is wrong with it."""
    if climbed.fault:
        return _Try(climbed=climbed, log_likelihood=math.nan, fault=climbed.fault)
    chain = climbed.chain._replace(start=stationary(climbed.chain.transitions))
    # Smoothed: we are in the training rows, nothing is decided on it.
    posteriors, likelihood = _smoothed(rows.z, chain, rules, fast=fast)
    weight = posteriors.mean(axis=0)
    volatility = (posteriors * (rows.sizes**2)[:, None]).mean(axis=0) / np.maximum(weight, 1e-300)
    order = np.argsort(volatility, kind="stable")
    chain, weight = sorted_by(chain, order), weight[order]
    return _Try(
        climbed=climbed._replace(chain=chain),
        log_likelihood=likelihood,
        occupancy=tuple(weight.tolist()),
        fault=absorbing(chain, len(rows.z)) or lonely(weight) or collapsed(chain),
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
    if not sound:
        raise ModelError(tries[0].fault)
    highest = max(each.climbed.objective for each in sound)
    return next(each for each in sound if each.climbed.objective > highest - SAME)


def verified(result: FitResult, rows: Rows, rules: Rules, chain: Chain) -> FitResult:
    """Return the kernel's result, once another program finds its likelihood too; raise ModelError where it does not.

    hmmlearn is asked, and about Student-t states, which it has not, the filter that will run live.
    """
    if math.isinf(chain.dof[0]):
        from regimes.fit_hmmlearn import score  # noqa: PLC0415 - as above

        by, found = f"hmmlearn {version('hmmlearn')}", score(rows.z, chain, rules)
    else:
        by, found = "the live filter", likelihood_by_filter(result.parameters, rows)
    if not abs(found - result.log_likelihood) <= VERIFIED * abs(found):
        raise ModelError(
            f"fit: the kernel finds a log likelihood of {result.log_likelihood!r}, {by} {found!r} of the same model: "
            "train with engine 'hmmlearn', and report both numbers, the processor, and the versions of both"
        )
    return msgspec.structs.replace(result, engine=f"{result.engine}, verified by {by}")


def likelihood_by_filter(parameters: Parameters, rows: Rows) -> float:
    """Return the log likelihood of the standardised rows as the live filter adds it up."""
    return math.fsum(filter_rows(of_standardised(parameters), rows.z.tolist())[1])


def of_standardised(parameters: Parameters) -> Vector:
    """Return the weights of a model as they are for rows that have been standardised already."""
    size = len(parameters.centre)
    return pack(msgspec.structs.replace(parameters, centre=(0.0,) * size, scale=(1.0,) * size))


def lonely(weight: Array) -> str:
    """Return the complaint about a state that is hardly ever there; empty when there is none."""
    least = int(weight.argmin())
    if weight[least] >= FEWEST_SHARE:
        return ""
    return (
        f"fit: state {least} holds {weight[least]:.2%} of the bars, less than {FEWEST_SHARE:.0%}: use fewer states, "
        "more bars, or look for a wrong price"
    )


def collapsed(chain: Chain) -> str:
    """Return the complaint about a state whose rows are all alike; empty when there is none."""
    smallest = [float(np.linalg.eigvalsh(covariance)[0]) for covariance in chain.covariances]
    state = int(np.argmin(smallest))
    if smallest[state] >= SMALLEST_VARIANCE:
        return ""
    return f"fit: the variance of state {state} collapsed to {smallest[state]:.1e}: leave halted bars and outliers out"


def absorbing(chain: Chain, rows: int) -> str:
    """Return the complaint about a state that is never left, by so many rows; empty when there is none."""
    least = int(np.argmax(chain.transitions.diagonal()))
    stay = float(chain.transitions[least, least])
    if (1.0 - stay) * rows * LONGEST_STAY > 1.0:
        return ""
    return (
        f"fit: state {least} is hardly ever left, once in more than {LONGEST_STAY:g} times the {rows} bars: "
        "use a smaller sticky"
    )


def parameters_of(chain: Chain, rows: Rows, *, full: bool, penalty: float | None = None) -> Parameters:
    """Return a chain as plain numbers."""
    return Parameters(
        centre=tuple(rows.centre.tolist()),
        scale=tuple(rows.scale.tolist()),
        start=tuple(chain.start.tolist()),
        transitions=tuple(map(tuple, chain.transitions.tolist())),
        means=tuple(map(tuple, chain.means.tolist())),
        covariances=tuple(tuple(map(tuple, c)) for c in chain.covariances.tolist()),
        full=full,
        dof=() if math.isinf(chain.dof[0]) else tuple(chain.dof.tolist()),
        penalty=penalty,
    )
