"""What a shut gate does to its strategy's open trade: when its policy is asked, and what it wants of the trade."""

from typing import NamedTuple

from regimes.shut import shut_lots, shut_stop
from runtime.core.contract import Contract
from runtime.core.positions import Trade
from runtime.core.risk import Exposure
from runtime.core.state import Lane
from strategies.exits import STOP

GATE_SHUT = "gate shut"
"""Why a trade, or a part of it, was closed."""


class Wanted(NamedTuple):
    """What the policy wants of a trade now."""

    stop: float
    """Where its stop is to stand; where it stands, if nothing is wanted."""
    lots: float
    """Lots to be closed, 0.0: none."""
    said: str
    """The same for people; empty: nothing is wanted."""


def is_shut_on(lane: Lane) -> bool:
    """Say whether a lane's gate is shut by what its regime says.

    Where there is no reading, or a stale one, nothing is known of the market: no entry is made, and what is open is
    left to its own plan.
    """
    return lane.gate.mode != "off" and not lane.gate_open and lane.allowed == lane.allowed


def count_shut(lane: Lane, trade: Trade) -> None:
    """Count one more bar of the strategy on which its gate is shut by its regime, or begin anew since it is not.

    What was done is to be done again once the gate has been open: not since its reading was missing or stale meanwhile.
    """
    trade.shut = trade.shut + 1 if is_shut_on(lane) else 0
    if lane.gate_open:
        trade.answered = False


def wanted_of(lane: Lane, trade: Trade, contract: Contract, now: Exposure) -> Wanted:
    """Return what the gate's policy wants of an open trade on this bar."""
    stop = trade.exit[STOP]
    if not trade.shut or trade.answered:
        return Wanted(stop, 0.0, "")
    p, s = lane.shut_flat, contract.symbol
    quote = now.bid if trade.side > 0 else now.ask
    moved = shut_stop(p, trade.side, trade.entry, stop, quote, s.stops_level, contract.scale, contract.tick)
    lots = shut_lots(p, float(trade.shut), trade.volume, s.volume_step, s.volume_min)
    said = f"stop to {moved:g}" if moved != stop else f"close {lots:g} lots" if lots > 0.0 else ""
    return Wanted(moved, lots, said)


def carry_out(lane: Lane, trade: Trade, wanted: Wanted) -> float:
    """Let the trade's plan have the stop wanted, under `enforce`; return the lots to be closed now.

    A stop is tightened once while the gate stays shut. Lots are asked for until a deal of ours has closed some: a clear
    no is no reason not to ask again on the next bar, as with every exit. Advice is told once.
    """
    enforced = lane.gate.mode == "enforce"
    if wanted.said and (not enforced or wanted.lots == 0.0):
        trade.answered = True
    if not enforced:
        return 0.0
    trade.exit[STOP] = wanted.stop
    return wanted.lots
