"""When the simulated venue calls for margin, and when it closes positions by itself: the stop-out.

By level the account must keep a share of its margin as equity, by money a sum of equity. Positions that cover each
other and bind nothing are closed when the equity is gone. The one that loses most goes first, at the market, until the
account is whole again. That a stop-out by money looks at the equity is assumed: the terminal only says it is money.
"""

from brokers.holdings import leave
from brokers.ledger import Ledger, rough_equity, worst
from brokers.slips import market_price
from market.kernel import kernel

STOP_OUT_LEVEL = 0.5
"""Margin level below which a venue closes positions, unless it is told another."""
_SURELY = 1.001  # beyond the dust of any division: the usual case, said quickly


def call_margin(a: Ledger) -> None:
    """Close the position that loses most until the account is whole."""
    while a.watched:
        total = rough_equity(a)
        if a.stop_out_money is None and total >= 0.0 and total >= a.stop_out * a.margin * _SURELY:
            return
        if _is_whole(a, total, a.stop_out, a.stop_out_money):
            return
        book, p = worst(a)
        leave(a, book, p, market_price(a, book, -p.side), "stop_out", _comment(a, total), p.volume, p.magic)


def is_called(a: Ledger) -> bool:
    """Tell whether the account is to bring money or close something, but is not closed by the venue yet."""
    in_money = None if a.stop_out_money is None else a.margin_call
    return a.watched and not _is_whole(a, rough_equity(a), a.margin_call, in_money)


def _is_whole(a: Ledger, total: float, level: float, money: float | None) -> bool:
    if money is not None:
        return total >= money
    return suffices(total, a.margin, level)


@kernel
def suffices(total: float, used: float, level: float) -> bool:
    """Tell whether an equity is the share of the margin in use that it has to be; where none is in use: not negative.

    >>> suffices(50.0, 100.0, 0.5), suffices(49.0, 100.0, 0.5), suffices(0.0, 0.0, 0.5)
    (True, False, True)
    """
    if used == 0.0:
        return total >= 0.0
    return total / used >= level


def _comment(a: Ledger, total: float) -> str:
    """Return what stands on the deal: level, equity and margin, as brokers explain a comment that begins with `so:`."""
    level = f"{total / a.margin:.2%}" if a.margin > 0.0 else "0.00%"
    return f"so: {level}/{total:.2f}/{a.margin:.2f}"
