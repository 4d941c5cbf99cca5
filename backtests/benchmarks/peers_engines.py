"""The engines that `peers.py` knows, by name: what makes their runs ready, what they need, by which rules they work."""

from typing import NamedTuple

from backtests.benchmarks.peers_rules import Rule

LOOP = "numba loop"
"""What all others are measured against."""
OURS = Rule(closed=True, cents=True)
LATE = OURS._replace(late=True)
CHAIN = "chain"
"""The job that no peer has: all that an account does at a bar."""


class Engine(NamedTuple):
    """One row of the table."""

    home: str
    """Module and function of `backtests.benchmarks` that make a run ready."""
    needs: tuple[str, ...] = ()
    """Distributions it is made of; the first names its environment."""
    rule: Rule = Rule()
    options: tuple[tuple[str, str], ...] = ()
    jobs: tuple[str, ...] = ("sma", "rsi")


ENGINES = {
    LOOP: Engine("peers_loops:numba_loop", ("numba",)),
    "plain Python loop": Engine("peers_loops:plain_loop"),
    "tidegate": Engine("peers_tidegate:tidegate_work", ("pyarrow",), LATE),
    "tidegate, every decision in words": Engine(
        "peers_tidegate:tidegate_work", ("pyarrow",), LATE, (("drive", "words"),), ("sma",)
    ),
    "tidegate, a class in plain Python": Engine(
        "peers_tidegate:tidegate_work", ("pyarrow",), LATE, (("strategy", "python"),), ("sma",)
    ),
    "tidegate, a strategy a side": Engine(
        "peers_tidegate:tidegate_work", ("pyarrow",), OURS._replace(deals=2), (("strategy", "sides"),), ("sma",)
    ),
    "tidegate, plain drive": Engine("peers_tidegate:tidegate_work", ("pyarrow",), LATE, (("drive", "plain"),)),
    "tidegate, the whole chain": Engine("peers_tidegate:tidegate_work", ("pyarrow",), OURS, jobs=(CHAIN,)),
    "tidegate, the whole chain, plain drive": Engine(
        "peers_tidegate:tidegate_work", ("pyarrow",), OURS, (("drive", "plain"),), (CHAIN,)
    ),
    "vectorbt, Rust": Engine(
        "peers_vectorbt:vectorbt_work", ("vectorbt", "vectorbt-rust"), options=(("engine", "rust"),)
    ),
    "vectorbt, numba": Engine("peers_vectorbt:vectorbt_work", ("vectorbt",), options=(("engine", "numba"),)),
    "hftbacktest": Engine("peers_hftbacktest:hftbacktest_work", ("hftbacktest",), Rule(spread=1.0)),
    "backtesting.py": Engine("peers_backtesting:backtesting_work", ("backtesting",), Rule(blind=1)),
    "backtrader": Engine("peers_backtrader:backtrader_work", ("backtrader", "pandas")),
    "nautilus_trader": Engine("peers_nautilus:nautilus_work", ("nautilus_trader",), Rule(fill="close", cents=True)),
}
