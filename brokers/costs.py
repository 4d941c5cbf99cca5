"""What trading one symbol costs at the simulated venue, beside the spread of its quotes."""

import msgspec

from brokers.commission import Commission
from brokers.swap import Swap


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What trading one symbol costs beside its own spread."""

    spread: float = 0.0
    """Points; used where a bar has none of its own."""
    slippage: float = 0.0
    """Points, always against us, on market and stop fills."""
    commission: Commission = 0.0
    """Account money a lot and side, or another way to charge: `{per = "lot", rate = 5.0, on = "in"}`."""
    swap: Swap = True
    """Apply the symbol's swap, or another: `{by = "interest", long = -30.0, short = 0.0}`."""
    slips: tuple[float, ...] = ()
    """Points by which executions miss, over and over: positive against us, negative for us; limit orders never miss."""
    depth: float = 0.0
    """Most lots that one quote fills; 0.0: any."""
    latency_ms: float | tuple[float, ...] = 0.0
    """From a decision to the market, or draws of it; played where a backtest has ticks: bars have no quote then."""
