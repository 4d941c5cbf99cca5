"""Regimes that are known, because they are simulated: how well our training and filter tell them, beside a jump model.

In sample, as published: states of the training days themselves, from all of them, under the names that fit the truth
best. Online: trained on so many days, told day by day on as many more, states by volatility, no help from the truth;
beside jumpmodels with two penalties, on the same days. Ours is one fixed configuration, here and there. Differences are
paired, their errors bootstrapped. `--trials` is N of the tables; 1024 is the published one. A series that cannot carry
the model is told as one regime.
"""

import argparse
import time

from collections.abc import Callable, Sequence

import numpy as np

from hmmlearn.hmm import GaussianHMM
from jumpmodels.jump import JumpModel

from backtests.benchmarks.simulated import (
    SCENARIOS,
    Array,
    Scenario,
    States,
    aligned,
    balanced,
    daily,
    delay,
    draw,
    features,
    switches,
)
from backtests.benchmarks.timing import head
from backtests.train import filtered
from regimes.fit import FitResult, fit
from regimes.fit_chain import stationary
from regimes.weights import ModelError

STARTS = 10
STICKY = 50.0
"""Bars of persistence that the one configuration adds to each state."""
PENALTIES = (46.4, 100.0)
RESAMPLES = 2000
GOALS = {1000: 0.82, 2000: 0.85}
"""In sample, three states: what training has to reach, by days."""

Told = dict[str, States]


def trained(returns: Array, scenario: Scenario) -> FitResult:
    """Return our model of the returns."""
    return fit(returns[:, None], scenario.states, seed=1, engine="kernel", starts=STARTS, sticky=STICKY)


def decoded(returns: Array, means: Array, variances: Array, transitions: Array) -> States:
    """Return the likeliest state of each of the days, from all of them."""
    hmm = GaussianHMM(len(means), "diag", algorithm="map", init_params="")
    hmm.startprob_, hmm.transmat_ = stationary(transitions), transitions
    hmm.means_, hmm.covars_ = means[:, None], variances[:, None]
    return np.asarray(hmm.predict(returns[:, None]), dtype=np.intp)


def in_sample(scenario: Scenario, trial: int) -> tuple[float, float]:
    """Return the balanced accuracy of our model, and of the true one, on the days it was trained on."""
    returns, truth = draw(scenario, scenario.bars, (0, scenario.states, scenario.bars, trial))
    market = daily(scenario.states)
    best = decoded(returns, market.means, market.sds**2, market.transitions)
    try:
        model = trained(returns, scenario).parameters
        centre, scale = model.centre[0], model.scale[0]
        told = decoded(
            (returns - centre) / scale,
            np.array(model.means)[:, 0],
            np.array(model.covariances)[:, 0, 0],
            np.array(model.transitions),
        )
    except ModelError:  # no model is one regime
        told = np.zeros(scenario.bars, dtype=np.intp)
    return balanced(truth, aligned(truth, told, scenario.states)), balanced(truth, best)


def online(scenario: Scenario, trial: int) -> tuple[States, Told]:
    """Return the true states of the days after training, and what each has told of them day by day."""
    days = scenario.bars
    returns, truth = draw(scenario, 2 * days, (1, scenario.states, days, int(min(scenario.dof, 99)), trial))
    told = {"ours": _ours(returns, scenario)}
    x = features(returns)
    for penalty in PENALTIES:
        told[f"jump {penalty:g}"] = _theirs(x, returns, scenario, penalty)
    return truth[days:], {name: states[days:] for name, states in told.items()}


def _ours(returns: Array, scenario: Scenario) -> States:
    try:
        weights = trained(returns[: scenario.bars], scenario).weights
    except ModelError:
        return np.zeros(len(returns), dtype=np.intp)
    return np.asarray(filtered(weights, returns[:, None]).argmax(axis=1), dtype=np.intp)


def _theirs(x: Array, returns: Array, scenario: Scenario, penalty: float) -> States:
    """Return the online states of jumpmodels, from the first day that has all features on; before it, the calmest."""
    first = int(np.isfinite(x).all(axis=1).argmax())
    learnt = x[first : scenario.bars]
    z = (x[first:] - learnt.mean(axis=0)) / learnt.std(axis=0)
    model = JumpModel(scenario.states, jump_penalty=penalty, random_state=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        model.fit(z[: scenario.bars - first], returns[first : scenario.bars], sort_by="vol")
        found = np.asarray(model.predict_online(z), dtype=np.intp)
    return np.concatenate((np.zeros(first, dtype=np.intp), found))


def error_of(values: Sequence[float], seed: int = 0) -> float:
    """Return the bootstrapped standard error of the mean."""
    known = np.array(values)[np.isfinite(values)]
    picks = np.random.default_rng(seed).integers(0, len(known), (RESAMPLES, len(known)))
    return float(known[picks].mean(axis=1).std())


def told_in_sample(trials: int, scenarios: Sequence[Scenario]) -> None:
    """Print the table of states of the training days."""
    print("\n| in sample | N | ours | true parameters | goal |")
    print("|---|---|---|---|---|")
    for scenario in scenarios:
        pairs = np.array([in_sample(scenario, trial) for trial in range(trials)])
        goal = f"{GOALS[scenario.bars]:.2f}" if scenario.states == 3 else "-"
        shown = " | ".join(f"{x.mean():.4f} ± {error_of(x.tolist()):.4f}" for x in pairs.T)
        print(f"| {scenario.name} | {trials} | {shown} | {goal} |", flush=True)


SCORES: dict[str, Callable[[States, States], float]] = {
    "balanced accuracy": balanced,
    "switches": lambda _, told: float(switches(told)),
    "delay": delay,
}


def told_online(trials: int, scenarios: Sequence[Scenario]) -> None:
    """Print the table of states told day by day, with the paired difference to each jump model."""
    print("\n| online | N | who | balanced accuracy | ours less it | switches (true) | median delay |")
    print("|---|---|---|---|---|---|---|")
    for scenario in scenarios:
        runs = [online(scenario, trial) for trial in range(trials)]
        true = np.mean([switches(truth) for truth, _ in runs])
        ours = np.array([balanced(truth, told["ours"]) for truth, told in runs])
        for who in runs[0][1]:
            table = {name: [score(truth, told[who]) for truth, told in runs] for name, score in SCORES.items()}
            accuracy = table["balanced accuracy"]
            gap = ours - np.array(accuracy)
            less = f"{gap.mean():+.4f} ± {error_of(gap.tolist()):.4f}" if who != "ours" else "-"
            print(
                f"| {scenario.name} | {trials} | {who} | {np.mean(accuracy):.4f} ± {error_of(accuracy):.4f} | {less} "
                f"| {np.mean(table['switches']):.1f} ({true:.1f}) | {np.nanmedian(table['delay']):.1f} |",
                flush=True,
            )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=64)
    told = parser.parse_args()
    began = time.perf_counter()
    print(head().partition("\n")[0])
    told_in_sample(told.trials, [each for each in SCENARIOS if np.isinf(each.dof)])
    told_online(told.trials, SCENARIOS)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
