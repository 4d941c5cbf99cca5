"""What people are told of a training beside its numbers: how it was done, how its states stand, and what to doubt."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backtests.words import day, feature, number, share

FEW_BARS, FEW_IN_STATE = 1000, 100
"""Bars learnt from, and bars of the rarest state, below which more are better than another state."""
EMISSIONS = {"gauss": "Gaussian", "t": "Student's t, its degrees of freedom fitted"}


def training_told(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence each on the recipe, the bars learnt from, the order of the states, and what is known too little.

    `report` is one of `backtests.train.train_regime`.
    """
    yield recipe_told(report)
    yield f"learnt from the bars of {day(report['first'])} to {day(report['last'])}"
    if report.get("overlaps"):
        yield _agreement(report["overlaps"])
    yield order_told([profile["volatility"] for profile in report["profiles"]])
    if report["rows"] < FEW_BARS:
        yield (
            f"{number(report['rows'], 0)} bars are few: what a state is like was seen in few of its stays; "
            f"{FEW_BARS:,} or more are better than another state"
        )
    rarest = min(report["profiles"], key=lambda profile: float(profile["occupancy"]))
    if (bars := rarest["occupancy"] * report["rows"]) < FEW_IN_STATE:
        yield f"state {rarest['state']} is known from {number(bars, 0)} bars only: train on more, or on fewer states"
    if report["mute"]:
        yield (
            f"left out, since over these bars they had no value, or always the same: "
            f"{', '.join(map(feature, report['mute']))}; live they are not read either: train again once they move"
        )
    if "novelty" in report:
        yield from novelty_told(report["novelty"])


def recipe_told(report: Mapping[str, Any]) -> str:
    """Return how a model was trained."""
    states = report["states"]
    if report["detector"] == "ensemble":
        return f"an ensemble of {states} states: {'; '.join(map(_way, report['members']))}"
    return f"a jump model of {states} states" if report["detector"] == "jump" else f"{states} states, {_way(report)}"


def _way(said: Mapping[str, Any]) -> str:
    """Return how one model was trained, whether it stands alone or is a member."""
    if said["detector"] == "jump":
        return f"a jump model, of a penalty of {said['penalty']:g}"
    emission = EMISSIONS.get(said["emission"], f"Student's t of {said['emission']} degrees of freedom")
    together = "full" if said["covariance"] == "full" else "diagonal"
    sticky = f", {said['sticky']:g} bars of persistence added to each" if said["sticky"] else ""
    return f"{emission}, {together} covariances{sticky}"


def _agreement(overlaps: Sequence[float]) -> str:
    """Return how much of what the first member of an ensemble says is said by each other one."""
    shares = " and ".join(f"{share:.0%}" for share in overlaps)
    return f"of what the first member says of these bars, the other{'s say' if len(overlaps) > 1 else ' says'} {shares}"


def novelty_told(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a model's limits of novelty are worth, and what to doubt of that.

    `told` is a `backtests.watched.Watched` as plain values.
    """
    power = ", ".join(f"{change} {share(power, 0)}" for change, power in told["power"].items())
    yield (
        f"Novelty, in simulations of this model and of what it may stand for: an alarm in {share(told['alarms'])} of "
        f"stretches of 1,000 bars that are as learnt; of changed markets told within 50 bars: {power}."
    )
    if told["silent"]:
        yield f"These bars drive some of its statistics too far, so they tell nothing: {', '.join(told['silent'])}."
    if told["thin"]:
        known = ", ".join(map(str, told["thin"]))
        yield f"Alarms will be more frequent than that: too few bars were learnt from in state {known}."


def order_told(volatilities: Sequence[float]) -> str:
    """Return in what order states stand, from the volatility of a bar in each.

    >>> order_told([0.01, 0.02])
    'States are ordered by volatility, 0 the calmest; calm is not the same as good.'
    >>> order_told([0.02, 0.01])
    'States keep the order of their lineage; here 1 is the calmest; calm is not the same as good.'
    """
    if list(volatilities) == sorted(volatilities):
        return "States are ordered by volatility, 0 the calmest; calm is not the same as good."
    calmest = min(range(len(volatilities)), key=volatilities.__getitem__)
    return f"States keep the order of their lineage; here {calmest} is the calmest; calm is not the same as good."
