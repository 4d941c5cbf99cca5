"""The doctor's look at the regime models: whether they are there, and how old they have got."""

from config.account import AccountConfig
from config.regime import RegimeSection
from regimes.bundle import RegimeModel
from runtime.assemble import found_models
from runtime.core.plan import NoModel
from runtime.model_age import TOO_OLD, age_of

UNSAID = "does not say which symbol it has learnt from, so any reads by it: train it again"
UNWATCHED = "has no limits of novelty, so nothing is novel to it"


def models_told(config: AccountConfig) -> str:
    """Return, for people, which models are there, and which do not say their symbol, or know no novelty and should.

    ValueError says which are not there, and what is done without them.
    """
    models = found_models(config)
    bad = [f"{name}: {model.said}" for name, model in models.items() if isinstance(model, NoModel)]
    if bad:
        raise ValueError(f"{'; '.join(bad)}; gates that enforce let no entry through meanwhile, exits go on")
    told = [
        f"{name} {model.fingerprint[:12]}{_unsaid(model)}{_deaf(config.regimes[name], model)}"
        for name, model in models.items()
        if not isinstance(model, NoModel)
    ]
    return ", ".join(told) or "none are configured"


def _unsaid(model: RegimeModel) -> str:
    return "" if model.data.symbol else f" ({UNSAID})"


def _deaf(section: RegimeSection, model: RegimeModel) -> str:
    return "" if model.novelty or section.novelty != "model" else f" ({UNWATCHED}: train it again)"


def ages_of(config: AccountConfig, now: int) -> str:
    """Return, for people, how old the models are at `now`, UTC milliseconds; ValueError where one is too old."""
    models = found_models(config)
    told = [age_of(name, models[name], r.timeframe, r.max_model_age, now)[0] for name, r in config.regimes.items()]
    if any(text.endswith(TOO_OLD) for text in told):
        raise ValueError(", ".join(filter(None, told)))
    return ", ".join(filter(None, told)) or "no max_model_age is configured"
