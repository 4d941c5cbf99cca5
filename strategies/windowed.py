"""From the parameters of a configuration to the strategy of a function: its window, its features, and its own ones."""

import inspect

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from market.feature import FeatureError
from market.features import feature_of
from strategies.beside import beside_of
from strategies.protocol import FeatureRef, StrategyError
from strategies.window import WindowStrategy


class _Given(msgspec.Struct, forbid_unknown_fields=False, kw_only=True):
    """The parameters that are not the function's own."""

    window: int = 0
    version: int = 1
    process: bool = False
    deadline_s: float = 5.0
    features: dict[str, list[str | int | float]] = {}
    others: dict[str, Any] = {}
    trained_by: str = ""
    horizon: int = 0


RESERVED = frozenset(_Given.__struct_fields__)
"""Their names."""


class Taught(NamedTuple):
    """By whom a function's own parameters are learnt."""

    by: str
    """A function, as "module:function"; empty: nobody."""
    horizon: int
    """Bars that a label looks ahead."""


def training_of(params: Mapping[str, Any]) -> Taught:
    """Return what parameters say of who learns some of them.

    >>> training_of({"window": 1, "trained_by": "a:train", "horizon": 5}), training_of({"fast": 3})
    (Taught(by='a:train', horizon=5), Taught(by='', horizon=0))
    """
    if "window" not in params:
        return Taught("", 0)
    return Taught(str(params.get("trained_by", "")), int(params.get("horizon", 0)))


def windowed(use: str, function: Callable[..., Any] | None, params: Mapping[str, Any]) -> WindowStrategy:
    """Return a function over the last bars as a strategy; None: it is called in a process of its own."""
    try:
        given = msgspec.convert(dict(params), _Given, strict=True)
    except msgspec.ValidationError as error:
        raise StrategyError(f"strategy {use!r}: {error}".replace("$", "params")) from error
    if given.window < 1:
        raise StrategyError(f"strategy {use!r} is a function: say over how many closed bars, as params.window = 200")
    if given.horizon < 0:
        raise StrategyError(f"strategy {use!r}: params.horizon is how many bars a label looks ahead, 0 or more")
    if not given.deadline_s > 0.0:
        raise StrategyError(f"strategy {use!r}: params.deadline_s is a number of seconds above 0")
    own = {name: value for name, value in params.items() if name not in RESERVED}
    if function is not None:
        try:
            inspect.signature(function).bind(None, **own)
        except TypeError as error:
            raise StrategyError(f"strategy {use!r}: {error}, beside the window") from error
    refs = {name: _ref(use, name, ref) for name, ref in given.features.items()}
    check_features(use, refs)
    try:
        others = beside_of(params)
    except StrategyError as error:
        raise StrategyError(f"strategy {use!r}: {error}") from error
    return WindowStrategy(
        name=use.rpartition(":" if ":" in use else ".")[2], use=use, function=function, window=given.window,
        version=given.version, params=own, refs=refs, others=others, deadline_s=given.deadline_s,
    )  # fmt: skip


def given_by(strategy: WindowStrategy) -> dict[str, Any]:
    """Return the parameters that make this strategy."""
    s = strategy
    features = {name: [feature, *params] for name, (feature, params) in s.refs.items()}
    given = {"window": s.window, "version": s.version, "deadline_s": s.deadline_s, "features": features}
    return {**given, "others": msgspec.to_builtins(s.others), **s.params}


def _ref(use: str, name: str, ref: list[str | int | float]) -> FeatureRef:
    if not ref or not isinstance(ref[0], str) or any(isinstance(x, str) for x in ref[1:]):
        raise StrategyError(f'strategy {use!r}: write params.features.{name} as ["ema", 20], not {ref}')
    return ref[0], tuple(float(x) for x in ref[1:])


def check_features(use: str, refs: Mapping[str, FeatureRef]) -> None:
    """Refuse features that cannot be computed of the bars of a strategy."""
    try:
        features = [feature_of(ref) for ref in refs.values()]
    except FeatureError as error:
        raise StrategyError(f"strategy {use!r}: {error}") from error
    for feature in features:
        if feature.of == "parts":
            raise StrategyError(f"strategy {use!r}: {feature.name} is a regime's: no strategy's bars are made here")
