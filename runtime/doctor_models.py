"""The doctor's look at how old the regime models have got; a model grown old is a remark, and no fault."""

from config.account import AccountConfig
from runtime.assemble import models_of
from runtime.model_age import age_of


def ages_of(config: AccountConfig, now: int) -> str:
    """Return, for people, how old the models are at `now`, UTC milliseconds."""
    models = models_of(config)
    told = [age_of(name, models[name], r.timeframe, r.max_model_age, now)[0] for name, r in config.regimes.items()]
    return ", ".join(filter(None, told)) or "no max_model_age is configured"
