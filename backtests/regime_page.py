"""The page of a regime model: what it is, and what it says of every recorded bar; one HTML file."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from numpy.typing import NDArray

from backtests.regime_facts import STATES, Seen, density_of, facts_of, seen_states, state_rows
from backtests.regime_figures import regime_figure
from backtests.regime_reading import Read, learnt_of, read_regime
from backtests.report_figures import drawn
from backtests.report_file import write_page
from backtests.report_page import heading, keys, page, paragraph, section, table
from backtests.words import day, fine_share, number, share
from config.errors import DataError
from market.bars import Bars
from regimes.bundle import RegimeModel

SEEN = ("state", "bars", "occupancy", "volatility a bar", "dwell, bars", "trained occupancy", "trained volatility")
WHAT = (
    "Every bar is shaded by the state that was the likeliest once it had closed: the filtered posterior, which knows "
    "nothing later. Surprise is minus the log density of the bar as it was predicted from those before it: high where "
    "no state expected such a bar. Dwell counts the bars since the likeliest state last changed."
)


def write_regime_page(
    file: Path, model: RegimeModel, bars: Bars, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Path:
    """Read the bars as a daemon does, and write the page; DataError where no feature is ever warm."""
    return write_page(file, regime_html(model, bars, progress))


def regime_html(
    model: RegimeModel, bars: Bars, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> str:
    """Return the whole page."""
    read = read_regime(model, bars, progress)
    first = int(read.warm.argmax())
    if not read.warm.any():
        raise DataError(f"{bars.symbol}: {len(bars)} bars are too few for the model's features to be warm")
    shown = Read(**{name: getattr(read, name)[first:] for name in Read.__struct_fields__})
    return page(f"tidegate: {model.name}", _body(model, bars, shown))


def _body(model: RegimeModel, bars: Bars, read: Read) -> Iterable[str]:
    facts = facts_of(model)
    learnt = learnt_of(model, bars.symbol, read.times)
    yield heading(
        f"{model.name}: {bars.symbol} {bars.timeframe}, {day(read.times[0])} to {day(read.times[-1])}",
        f"model {model.fingerprint[:12]} of lineage {model.lineage} · {model.states} states · {facts['features']}",
    )
    yield keys(
        (
            ("bars read", number(len(read.times), 0)),
            ("of them learnt from", number(int(learnt.sum()), 0)),
            ("mean log density a bar, nats", number(density_of(read), 3)),
            ("on bars not learnt from", number(_mean(read, ~learnt), 3)),
            ("state at the last close", f"{read.likeliest[-1]} ({share(float(read.posteriors[-1].max()), 0)})"),
        )
    )
    yield section(
        "Over the bars",
        drawn(regime_figure(read, model.name, model.profiles, learnt), script=True),
        paragraph(WHAT, "small"),
    )
    yield section("States in training", table(STATES, state_rows(model.profiles)))
    yield section("States over these bars", table(SEEN, _seen(seen_states(read), model)))
    yield section("The model", table(("what", "is"), facts.items(), texts=2))


def _mean(read: Read, part: NDArray[np.bool_]) -> float | None:
    known = part & read.warm
    return float(read.log_densities[known].mean()) if known.any() else None


def _seen(states: Iterable[Seen], model: RegimeModel) -> Iterable[tuple[str, ...]]:
    for s, p in zip(states, model.profiles, strict=True):
        yield (
            str(s.state), number(s.bars, 0), share(s.occupancy), fine_share(s.volatility), number(s.dwell),
            share(p.occupancy), fine_share(p.volatility),
        )  # fmt: skip
