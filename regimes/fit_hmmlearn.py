"""The engine of record: hmmlearn's Baum-Welch, driven the way it must be.

It starts where it is told to, has next to no prior on variances, says nothing of its progress, and is asked for its
likelihood between calls, as it counts the limit of its iterations as convergence.
"""

import math

from typing import Any

import numpy as np

from hmmlearn.hmm import GaussianHMM

from regimes.fit_chain import Array, Chain, Climbed, Rules


def climb_with_hmmlearn(z: Array, begin: Chain, rules: Rules, most: int, every: int, gain: float) -> Climbed:
    """Take up to `most` steps from a start; stop where the last `every` of them gained less than `gain` nats."""
    model = as_hmmlearn(begin, rules, every)
    objective, iterations, converged = -math.inf, 0, False
    try:
        while not converged and iterations < most:
            model.fit(z)
            iterations += every
            reached = model.score(z) + log_prior(model)
            converged, objective = bool(reached - objective < gain), float(reached)
        chain = Chain(model.startprob_, model.transmat_, model.means_, model.covars_, begin.dof)
    except (ValueError, np.linalg.LinAlgError) as error:
        fault = f"fit: hmmlearn gave up ({error}): use fewer states or features, leave halted bars out"
        return Climbed(begin, math.nan, iterations, converged=False, fault=fault)
    return Climbed(chain, objective, iterations, converged)


def smoothed_by_hmmlearn(z: Array, chain: Chain, rules: Rules) -> tuple[Array, float]:
    """Return the posteriors (n, K) of all rows given all rows, and their log likelihood."""
    likelihood, posteriors = as_hmmlearn(chain, rules, 1).score_samples(z)
    return posteriors, float(likelihood)


def score(z: Array, chain: Chain, rules: Rules) -> float:
    """Return the log likelihood of the rows."""
    return float(as_hmmlearn(chain, rules, 1).score(z))


def as_hmmlearn(chain: Chain, rules: Rules, iterations: int) -> GaussianHMM:
    """Return a model of hmmlearn that begins with this chain."""
    states, size = chain.means.shape
    model = GaussianHMM(
        n_components=states,
        covariance_type="full" if rules.full else "diag",
        covars_prior=rules.floor * (np.eye(size) if rules.full else 1.0),
        transmat_prior=rules.prior,
        init_params="",
        params="tmc",
        n_iter=iterations,
        tol=-math.inf,
    )
    model.monitor_ = silent(model.monitor_)
    model.n_features = size
    model.startprob_, model.transmat_, model.means_ = chain.start.copy(), chain.transitions.copy(), chain.means.copy()
    covariances = chain.covariances
    model.covars_ = covariances.copy() if rules.full else np.array([np.diag(c) for c in covariances])
    return model


def silent(monitor: Any) -> Any:  # noqa: ANN401 - hmmlearn has no types
    """Return hmmlearn's monitor without its log lines: the likelihood may fall when the objective has a prior."""

    class Silent(type(monitor)):  # type: ignore[misc] # a class that is only known at run time
        def report(self, log_prob: float) -> None:
            self.history.append(log_prob)
            self.iter += 1

    return Silent(monitor.tol, monitor.n_iter, monitor.verbose)


def log_prior(model: GaussianHMM) -> float:
    """Return the log density of the transitions under their Dirichlet prior, up to a constant."""
    return float(((model.transmat_prior - 1.0) * np.log(np.maximum(model.transmat_, 1e-300))).sum())
