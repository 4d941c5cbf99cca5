"""What a strategy has learnt, learnt again on a window: its trainer is shown the bars of it, and returns parameters.

A trainer is a function that the strategy's parameters name (`trained_by = "module:function"`). It sees bars that had
closed by the end of the window and none after, so no label can reach beyond; how many bars a label looks ahead
(`horizon`) says of which rows it is known at all. What it returns are parameters of the strategy's own.
"""

from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from config.account import AccountConfig
from config.errors import ConfigError, one_line
from config.making import look_in, strategies_of
from config.strategy import StrategySection
from market.bars import Bars
from market.features import FeatureSet
from runtime.core.feeds import FeedKey
from strategies.protocol import Strategy, StrategyError
from strategies.registry import found_by
from strategies.window import WindowStrategy
from strategies.windowed import RESERVED, training_of

Trainer = Callable[["Lesson"], Any]


class Lesson(NamedTuple):
    """What a trainer is shown of a window."""

    bars: Bars
    """Of the strategy's own feed, oldest first, all of them closed by the end of the window."""
    features: "dict[str, array[float]]"
    """The strategy's features, by its names for them, bar by bar; NaN until they are warm."""
    others: dict[str, Bars]
    """Other bars that it is shown, by its names for them, closed by then likewise."""
    labelled: range
    """Places of bars whose features are warm and whose label ends within the window: what may be learnt from."""
    params: dict[str, Any]
    """The strategy's own parameters, as they are configured."""


def relearnt(
    config: AccountConfig, tapes: Mapping[FeedKey, Bars], window: tuple[int, int]
) -> tuple[AccountConfig, dict[str, str]]:
    """Return the account after every trainer was shown a window (UTC ms), and what is said of each strategy's.

    ConfigError where a trainer cannot be had, breaks, or returns what are no parameters.
    """
    if not any(training_of(section.params).by for section in config.strategies):
        return config, {}
    sections, said = [], {}
    for section, strategy in zip(config.strategies, strategies_of(config), strict=True):
        training = training_of(section.params)
        if training.by:
            lesson = lesson_of(section, strategy, tapes, window)
            found = _taught(section.name, _trainer(config, section.name, training.by), lesson)
            section = msgspec.structs.replace(section, params={**section.params, **found})  # noqa: PLW2901 - the same one, taught
            said[section.name] = f"{len(lesson.labelled)} rows"
        sections.append(section)
    return msgspec.structs.replace(config, strategies=tuple(sections)), said


def lesson_of(
    section: StrategySection, strategy: Strategy, tapes: Mapping[FeedKey, Bars], window: tuple[int, int]
) -> Lesson:
    """Return what a trainer is shown of a window."""
    bars = _closed(tapes[section.symbol, section.timeframe], window)
    refs = strategy.features()
    folds = FeatureSet(refs=tuple(refs.values()))
    state = folds.init()
    rows = [folds.step(state, bar) for bar in bars] if refs else []
    features = {name: array("d", (row[place] for row in rows)) for place, name in enumerate(refs)}
    warm = next((n for n, row in enumerate(rows) if all(x == x for x in row)), 0 if not refs else len(bars))
    ends = len(bars) - training_of(section.params).horizon
    assert isinstance(strategy, WindowStrategy)  # noqa: S101 - nobody else has a trainer
    others = {name: _closed(tapes[beside.key], window) for name, beside in strategy.others.items()}
    labelled = range(min(warm, max(0, ends)), max(0, ends))
    return Lesson(bars=bars, features=features, others=others, labelled=labelled, params=dict(strategy.params))


def _closed(bars: Bars, window: tuple[int, int]) -> Bars:
    """Return the bars of a window that had closed by its end, in columns of their own: a trainer may change them."""
    some = bars.between(window[0], window[1] - bars.frame + 1)
    return some.part(0, len(some)) if some is bars else some


def _trainer(config: AccountConfig, name: str, use: str) -> Trainer:
    look_in(Path(config.folder))
    try:
        found = found_by(use)
    except StrategyError as error:
        raise ConfigError(f"strategies.{name}.params.trained_by: {error}") from error
    return found


def _taught(name: str, trainer: Trainer, lesson: Lesson) -> dict[str, Any]:
    where = f"strategies.{name}.params.trained_by"
    if not lesson.labelled:
        raise ConfigError(f"{where}: no bar of the window is left to learn from: learn from more (--learn)")
    try:
        found = trainer(lesson)
    except Exception as error:
        raise ConfigError(f"{where}: {one_line(f'{type(error).__name__}: {error}')}") from error
    try:
        told = dict(msgspec.to_builtins(found))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: it returned what are no parameters of plain values: {error}") from error
    if reserved := sorted(RESERVED & set(told)):
        raise ConfigError(f"{where}: it returned {', '.join(reserved)}, which no trainer sets")
    return told
