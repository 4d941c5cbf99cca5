"""What is wrong with a regime model: its features, its training, and the bars it is made of."""

from collections.abc import Iterator

import msgspec

from brokers.mt5.zone import FORMS, is_zone
from config.account import AccountFile
from config.leaves import shown
from config.members import member_problems, option_problems
from config.recorded import date_problems
from config.refits import age_problem
from config.regime import RegimeSection, StatesSection, TrainSection
from config.shape import named_problems
from market.feature import FeatureError
from market.features import feature_of
from market.made import DAY
from market.types import TIMEFRAMES


def regime_problems(regime: RegimeSection, config: AccountFile, path: str) -> Iterator[str]:
    """Yield what is wrong with one regime model."""
    yield from named_problems(regime.symbol, config.symbols, "symbols", f"{path}.symbol")
    for index, feature in enumerate(regime.features):
        where = f"{path}.features[{index}]"
        if not feature or not isinstance(feature[0], str) or any(isinstance(x, str) for x in feature[1:]):
            yield f'{where}: expected a name, then its parameters, like ["ema", 20], got {shown(list(feature))}'
            continue
        try:
            found = feature_of((feature[0], tuple(float(x) for x in feature[1:])))
        except FeatureError as error:
            yield f"{where}: {error}"
            continue
        if found.of == "parts":
            yield from _parts(regime, found.name, int(feature[1]), where)
    if regime.detector == "jump" and regime.novelty == "e-process":
        yield f'{path}.novelty: expected "model" or "off" for a jump model, which predicts no bar, got "e-process"'
    yield from _made(regime, path)
    yield from _training(regime, path)
    yield from member_problems(regime.detector, regime.members, f"{path}.members")
    if regime.learnt_from and regime.refit is not None:
        whose = f"regimes of {regime.learnt_from} refit its model"
        yield f"{path}.refit: expected nothing with learnt_from: {whose}, got a schedule"
    if problem := age_problem(regime.max_model_age):
        yield f"{path}.max_model_age: {problem}"
    yield from _train(regime.train, f"{path}.train")


def _training(regime: RegimeSection, path: str) -> Iterator[str]:
    """Yield what is said of a training that its detector does not have."""
    if isinstance(regime.states, StatesSection) and regime.states.to < regime.states.from_:
        yield f"{path}.states.to: expected a whole number from {regime.states.from_}, got {regime.states.to}"
    if regime.detector != "hmm" and not isinstance(regime.states, int):
        said = shown(msgspec.to_builtins(regime.states))
        yield f'{path}.states: expected a number with detector = "{regime.detector}", got {said}'
    yield from option_problems(regime.detector, regime, path)


def _parts(regime: RegimeSection, feature: str, fewest: int, where: str) -> Iterator[str]:
    """Yield why a feature of shorter bars has none to read, or would never have enough of them."""
    if not regime.made_of:
        yield f"{where}: expected `made_of` with {feature}, which reads the shorter bars that a bar is made of"
        return
    most = TIMEFRAMES[regime.timeframe] // TIMEFRAMES.get(regime.made_of, 1)
    if fewest > most:
        parts = f"{most} bars of {regime.made_of} that make one of {regime.timeframe}"
        yield f"{where}: expected a whole number up to the {parts}, got {fewest}"


def _made(regime: RegimeSection, path: str) -> Iterator[str]:
    """Yield what cannot be made of shorter bars: days without a clock, or what a clock begins and none is named for."""
    if not regime.made_of:
        if regime.day:
            yield f"{path}.made_of: expected the timeframe of the bars that make up the days of `day`, got nothing"
        return
    if regime.day and not is_zone(regime.day):
        yield f'{path}.day: expected {FORMS}, got "{regime.day}"'
    own, hour = TIMEFRAMES[regime.timeframe], TIMEFRAMES["H1"]
    if regime.day and regime.timeframe != DAY:
        yield f'{path}.timeframe: expected "{DAY}" with `day`, got "{regime.timeframe}"'
    elif regime.timeframe == DAY and not regime.day:
        yield f"{path}.day: expected the clock by which days end that are made of shorter bars, got nothing"
    elif own > hour and not regime.day:
        yield f'{path}.timeframe: expected "{DAY}", or up to "H1", with `made_of`, got "{regime.timeframe}"'
    short = [name for name, length in TIMEFRAMES.items() if length <= hour and length < own and own % length == 0]
    if regime.made_of not in short:
        any_of = f"one of {', '.join(short)}" if short else f'nothing, "{regime.timeframe}" being the shortest'
        yield f'{path}.made_of: expected {any_of}, got "{regime.made_of}"'


def _train(train: TrainSection, path: str) -> Iterator[str]:
    if train.bars is not None and train.to is not None:
        yield f"{path}: expected either `bars` or `to`, got both"
    yield from date_problems(train.from_, train.to, path)
