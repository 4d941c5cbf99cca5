"""The doctor's look at the regime models: whether they are there, and how old they have got."""

from config.account import AccountConfig
from runtime.assemble import found_models
from runtime.core.plan import NoModel
from runtime.model_age import TOO_OLD, age_of


def models_told(config: AccountConfig) -> str:
    """Return, for people, which models are there; ValueError says which are not, and what is done without them."""
    models = found_models(config)
    bad = [f"{name}: {model.said}" for name, model in models.items() if isinstance(model, NoModel)]
    if bad:
        raise ValueError(f"{'; '.join(bad)}; gates that enforce let no entry through meanwhile, exits go on")
    told = [f"{name} {model.fingerprint[:12]}" for name, model in models.items() if not isinstance(model, NoModel)]
    return ", ".join(told) or "none are configured"


def ages_of(config: AccountConfig, now: int) -> str:
    """Return, for people, how old the models are at `now`, UTC milliseconds; ValueError where one is too old."""
    models = found_models(config)
    told = [age_of(name, models[name], r.timeframe, r.max_model_age, now)[0] for name, r in config.regimes.items()]
    if any(text.endswith(TOO_OLD) for text in told):
        raise ValueError(", ".join(filter(None, told)))
    return ", ".join(filter(None, told)) or "no max_model_age is configured"
