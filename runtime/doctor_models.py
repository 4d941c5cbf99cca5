"""The doctor's look at how old the regime models have got, against how old their account lets them get."""

from config.account import AccountConfig
from config.refits import WARNED, aged
from market.types import TIMEFRAMES
from runtime.assemble import models_of


def ages_of(config: AccountConfig, now: int) -> str:
    """Return, for people, how old the models are at `now`, UTC ms; a model grown old is a remark, and no fault.

    A refit is for people to judge: an old model whose states still fit is better than a new one that means another
    thing, and bars that no state explains shut the gate by themselves.
    """
    models = models_of(config)
    told = []
    for name, regime in config.regimes.items():
        if not regime.max_model_age:
            continue
        closed = models[name].data.last + TIMEFRAMES[regime.timeframe] * 1000
        share = aged(closed, regime.max_model_age, now)
        word = "" if share < WARNED else ": refit it soon" if share < 1.0 else ": OVERDUE, refit it"
        told.append(f"{name} {share:.0%} of {regime.max_model_age}{word}")
    return ", ".join(told) or "no max_model_age is configured"
