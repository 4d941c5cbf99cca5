"""Training of a regime model: hmmlearn's Baum-Welch, driven the way it must be. Impure, and never loaded by a daemon.

hmmlearn as it comes fails on returns: its variance prior is in data units, its random start finds the best optimum in
one of ten fits with three states, it stops after ten iterations and calls that converged, and its states come in any
order. So: features standardised (the constants are frozen with the model), a start of ours (persistent states, from
quantile groups of rolling volatility), no variance prior, a convergence test of our own, states sorted by volatility.
"""

import math

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from regimes.weights import MOST, ModelError, Parameters, Vector, pack

if TYPE_CHECKING:
    import numpy as np

    from hmmlearn.hmm import GaussianHMM
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Covariance = Literal["diag", "full"]

CHUNK = 20  # iterations of hmmlearn between two looks at the objective
CHUNKS = 100
GAIN = 1e-5  # nats of a chunk below which the fit has converged
SAME = 1e-4  # nats between two starts that found the same model: the first is taken, whatever the last bits say
PERSISTENCE = 0.99
EXITS = 0.5  # exits added to those seen of each state: none becomes absorbing
NO_PRIOR = 1e-12  # of the variance of a standardised feature
WINDOWS = (20, 60, 10)  # bars of rolling volatility that the starts group by, in turn
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


def fit(
    x: "Array",
    states: int,
    *,
    seed: int,
    covariance: Covariance = "diag",
    starts: int = 4,
    volatility: "Array | None" = None,
    sticky: float = 0.0,
) -> FitResult:
    """Train a Gaussian hidden Markov model with `states` states on x (n, d), one row a bar, oldest first.

    `volatility` (n,) is what the starts group rows by and the states are sorted by, calmest first; by default the
    distance of the first feature from its mean. `sticky` adds so many bars of persistence to each state. Equal
    arguments give equal results. Raises ModelError when the rows cannot carry such a model.
    """
    rows, sizes, dropped = _clean(x, states, volatility)
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    if not (scale > abs(centre) * 1e-13).all():
        raise ModelError(f"fit: feature {int(scale.argmin())} is constant over the training rows: leave it out")
    z = (rows - centre) / scale
    sizes = abs(z[:, 0]) if sizes is None else sizes
    tries = [_run(z, sizes, states, covariance, sticky, group) for group in _groups(sizes, states, seed, starts)]
    sound = [each for each in tries if not each.fault]
    halted = [each for each in tries if each.halted]
    if halted or not sound:
        raise ModelError((halted or tries)[0].fault)
    highest = max(each.objective for each in sound)
    best = next(each for each in sound if each.objective > highest - SAME)
    parameters = _parameters(best.model, centre, scale, full=covariance == "full")
    return FitResult(
        parameters=parameters,
        weights=pack(parameters),
        log_likelihood=best.log_likelihood,
        starts=tuple(math.nan if each.fault else each.log_likelihood for each in tries),
        iterations=best.iterations,
        converged=best.converged,
        rows=len(z),
        dropped=dropped,
        occupancy=best.occupancy,
    )


class _Try(msgspec.Struct, frozen=True, kw_only=True):
    model: Any
    log_likelihood: float
    objective: float
    iterations: int
    converged: bool
    occupancy: Vector = ()
    fault: str = ""
    halted: bool = False


def _clean(x: "Array", states: int, volatility: "Array | None") -> "tuple[Array, Array | None, int]":
    """Return the finite rows, their volatility and how many rows were not finite."""
    import numpy as np  # noqa: PLC0415 - numpy must never load with the daemon

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


def _groups(sizes: "Array", states: int, seed: int, starts: int) -> "list[NDArray[np.intp]]":
    """Return the group of each row for each start: by quantiles of rolling volatility, even at first, then drawn."""
    import numpy as np  # noqa: PLC0415

    draw = np.random.default_rng(seed)
    groups = []
    for start in range(starts):
        window = min(WINDOWS[start % len(WINDOWS)], len(sizes))
        total = np.concatenate(([0.0], np.cumsum((sizes / sizes.max()) ** 2)))
        first = np.maximum(np.arange(1, len(total)) - window, 0)
        rolling = (total[1:] - total[first]) / (np.arange(1, len(total)) - first)
        even = np.arange(1, states) / states
        shares = even if start == 0 else np.sort(even + draw.uniform(-0.5, 0.5, states - 1) / states)
        groups.append(np.searchsorted(np.quantile(rolling, shares), rolling, side="right"))
    return groups


def _run(
    z: "Array", sizes: "Array", states: int, covariance: Covariance, sticky: float, group: "NDArray[np.intp]"
) -> _Try:
    """Follow one start to convergence, sort its states, and say what is wrong with where it ended."""
    import numpy as np  # noqa: PLC0415

    model = _start(z, states, covariance, sticky, group)
    objective, iterations, converged = -math.inf, 0, False
    try:
        while not converged and iterations < CHUNK * CHUNKS:
            model.fit(z)
            iterations += CHUNK
            reached = model.score(z) + _log_prior(model)
            converged, objective = bool(reached - objective < GAIN), reached
        model.startprob_ = _stationary(model.transmat_)
        _sort(model, z, sizes)
        weight = model.predict_proba(z).mean(axis=0)  # smoothed: we are in the training rows, nothing is decided on it
        likelihood = float(model.score(z))
    except (ValueError, np.linalg.LinAlgError) as error:
        fault = f"fit: hmmlearn gave up ({error}): use fewer states or features, leave halted bars out"
        return _Try(
            model=model,
            log_likelihood=math.nan,
            objective=-math.inf,
            iterations=iterations,
            converged=False,
            fault=fault,
        )
    return _Try(
        model=model,
        log_likelihood=likelihood,
        objective=objective,
        iterations=iterations,
        converged=converged,
        occupancy=tuple(weight.tolist()),
        fault=_lonely(weight) or _collapsed(model),
        halted=not _lonely(weight) and bool(_collapsed(model)),
    )


def _log_prior(model: "GaussianHMM") -> float:
    """Return the log density of the transitions under their Dirichlet prior, up to a constant."""
    import numpy as np  # noqa: PLC0415

    return float(((model.transmat_prior - 1.0) * np.log(np.maximum(model.transmat_, 1e-300))).sum())


def _start(z: "Array", states: int, covariance: Covariance, sticky: float, group: "NDArray[np.intp]") -> "GaussianHMM":
    """Return a model of hmmlearn that begins with the groups as its states."""
    import numpy as np  # noqa: PLC0415

    from hmmlearn.hmm import GaussianHMM  # noqa: PLC0415

    eye = np.eye(states)
    model = GaussianHMM(
        n_components=states,
        covariance_type=covariance,
        covars_prior=NO_PRIOR * (np.eye(z.shape[1]) if covariance == "full" else 1.0),
        transmat_prior=1.0 + sticky * eye + EXITS / (states - 1) * (1.0 - eye),
        init_params="",
        params="tmc",
        n_iter=CHUNK,
        tol=-math.inf,
    )
    model.monitor_ = _silent(model.monitor_)
    model.n_features = z.shape[1]
    model.startprob_ = np.full(states, 1.0 / states)
    model.transmat_ = PERSISTENCE * eye + (1.0 - PERSISTENCE) / (states - 1) * (1.0 - eye)
    parts = [z[group == k] if (group == k).sum() > z.shape[1] else z for k in range(states)]
    spreads = [np.atleast_2d(np.cov(part.T)) + 1e-3 * np.eye(z.shape[1]) for part in parts]
    model.means_ = np.array([part.mean(axis=0) for part in parts])
    model.covars_ = np.array(spreads if covariance == "full" else [np.diag(spread) for spread in spreads])
    return model


def _silent(monitor: Any) -> Any:  # noqa: ANN401 - hmmlearn has no types
    """Return hmmlearn's monitor without its log lines: the likelihood may fall when the objective has a prior."""

    class Silent(type(monitor)):  # type: ignore[misc]
        def report(self, log_prob: float) -> None:
            self.history.append(log_prob)
            self.iter += 1

    return Silent(monitor.tol, monitor.n_iter, monitor.verbose)


def _stationary(transitions: "Array") -> "Array":
    """Return the probability of each state at a bar of which nothing is known: where a live filter begins."""
    import numpy as np  # noqa: PLC0415

    states = len(transitions)
    system = np.vstack((transitions.T - np.eye(states), np.ones(states)))
    solution = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    shares = np.maximum(solution, 0.0)
    return shares / shares.sum()  # type: ignore[no-any-return]


def _sort(model: "GaussianHMM", z: "Array", sizes: "Array") -> None:
    """Put the states in the order of their mean squared volatility over the training rows, calmest first."""
    import numpy as np  # noqa: PLC0415

    posterior = model.predict_proba(z)
    mean = (posterior * (sizes**2)[:, None]).sum(axis=0) / np.maximum(posterior.sum(axis=0), 1e-300)
    order = np.argsort(mean, kind="stable")
    diagonal = model.covariance_type == "diag"
    covariances = model.covars_[order]
    model.startprob_ = model.startprob_[order]
    model.transmat_ = model.transmat_[np.ix_(order, order)]
    model.means_ = model.means_[order]
    model.covars_ = np.array([np.diag(c) for c in covariances]) if diagonal else covariances


def _lonely(weight: "Array") -> str:
    """Return the complaint about a state that is hardly ever there; empty when there is none."""
    least = int(weight.argmin())
    if weight[least] >= FEWEST_SHARE:
        return ""
    return (
        f"fit: state {least} holds {weight[least]:.2%} of the bars, less than {FEWEST_SHARE:.0%}: use fewer states, "
        "more bars, or look for a wrong price"
    )


def _collapsed(model: "GaussianHMM") -> str:
    """Return the complaint about a state whose rows are all alike; empty when there is none."""
    import numpy as np  # noqa: PLC0415

    smallest = [float(np.linalg.eigvalsh(covariance)[0]) for covariance in model.covars_]
    state = int(np.argmin(smallest))
    if smallest[state] >= SMALLEST_VARIANCE:
        return ""
    return f"fit: the variance of state {state} collapsed to {smallest[state]:.1e}: leave halted bars and outliers out"


def _parameters(model: "GaussianHMM", centre: "Array", scale: "Array", *, full: bool) -> Parameters:
    """Return a model of hmmlearn as plain numbers."""
    return Parameters(
        centre=tuple(centre.tolist()),
        scale=tuple(scale.tolist()),
        start=tuple(model.startprob_.tolist()),
        transitions=tuple(map(tuple, model.transmat_.tolist())),
        means=tuple(map(tuple, model.means_.tolist())),
        covariances=tuple(tuple(map(tuple, c)) for c in model.covars_.tolist()),
        full=full,
    )
