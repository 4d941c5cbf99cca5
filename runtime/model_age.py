"""How old a regime model has got, against how old its account lets it get, in words for people."""

from config.refits import WARNED, aged
from market.types import TIMEFRAMES
from regimes.bundle import RegimeModel
from runtime.core.plan import NoModel

TOO_OLD = "too old, its gates are shut: refit it"


def age_of(name: str, model: RegimeModel | NoModel, timeframe: str, greatest: str, now: int) -> tuple[str, bool]:
    """Return, in words, how old a model is at `now` (UTC ms), and whether a refit is due soon: from seven tenths on.

    A refit is for people to judge: an old model whose states still fit is better than a new one that means another
    thing. But most refits are refused, and none may serve for ever: from its greatest age on the core shuts its gates.
    Nothing is told without a greatest age.
    """
    if not greatest:
        return "", False
    if isinstance(model, NoModel):
        return f"{name} has no model", False
    share = aged(model.data.last + TIMEFRAMES[timeframe] * 1000, greatest, now)
    word = "" if share < WARNED else ": refit it soon" if share < 1.0 else f": {TOO_OLD}"
    return f"{name} {share:.0%} of {greatest}{word}", share >= WARNED
