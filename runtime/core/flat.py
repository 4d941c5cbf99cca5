"""Getting flat because a rule says so: what rests is taken back, and what is open is closed where it is to be."""

from collections.abc import Iterable

from runtime.core.accounting import Accounting
from runtime.core.desk import OrderDesk
from runtime.core.state import Lane


def flat(account: Accounting, desk: OrderDesk, lanes: Iterable[Lane], reason: str, *, close: bool) -> None:
    """Take back what rests of some strategies; with `close`, close what they hold, one order a position.

    What may not leave now is asked for again with the next bar or look.
    """
    for lane in lanes:
        if lane.order and not account.blocked("cancel", lane):
            desk.cancel(lane)
        trade = lane.trade
        if not close or trade is None or trade.closing or trade.absent:
            continue
        if not account.blocked("exit", lane, same=trade.doubt):
            desk.close(trade, reason)
