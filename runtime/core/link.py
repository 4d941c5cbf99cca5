"""Facts of process, link and session: what they put on hold, and what a link that is back asks for first."""

from brokers.facts import LinkDown, LinkUp, TradingForbidden, WrongTerminal
from market.types import Account
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.facts import RunStarted
from runtime.core.orders import OPEN
from runtime.core.state import Ledger

UNSETTLED = OPEN - {"WORKING", "MISSING"}
"""States of which nobody knows whether anything is on its way."""

_TOLD_ANEW = ("STALE_FEED", "SESSION", "BUS_SILENT")
"""Holds that the ended process told of; the next one tells them again where they still stand."""


def run_started(ledger: Ledger, desk: OrderDesk, fact: RunStarted) -> None:
    """Begin again: nothing on its way is believed, and nothing is sent before switch, link and venue were seen."""
    ledger.run, ledger.decisions, ledger.instructions = fact.run, 0, 0
    for key in [k for k in ledger.holds if k.startswith(_TOLD_ANEW)]:
        del ledger.holds[key]
    ledger.holds["SWITCH"] = "the latch is not read yet"
    ledger.settle_timer, ledger.adopting = 0, None
    _down(ledger, "LINK", "no terminal yet")
    for key in [k for k in ledger.holds if k.startswith("MISSING:")]:
        desk.wake_missing(key[8:])  # timers do not outlive a process
    _doubt_all(ledger, desk)


def _doubt_all(ledger: Ledger, desk: OrderDesk) -> None:
    """Doubt what may have left; of requests without an answer only the first did, for its answer was awaited on disk.

    One request is under way at a time, and the next one leaves only after the answer is durable (`runtime/taker.py`).
    """
    under_way = [order for order in ledger.orders.values() if order.state in UNSETTLED]
    unanswered = [order for order in under_way if order.state == "SENT"]
    for order in under_way:
        if order in unanswered[1:]:
            desk.never_left(order, "the process ended before it was sent")
        else:
            desk.doubt(order, "the process ended while it was on its way")
    desk.prune()


def link_up(decider: Decider, fact: LinkUp) -> None:
    """Ask for all the venue holds: until it was seen, nothing is sent."""
    ledger, desk = decider.ledger, decider.desk
    ledger.holds.pop("LINK", None)
    _right_account(decider, fact.account)
    if fact.account.trade_allowed and not fact.forbidden:
        ledger.holds.pop("SESSION", None)
    else:
        forbidden(ledger, desk, fact.forbidden or "the broker does not let this account trade")
    ledger.holds["UNRECONCILED"] = "the venue was not looked at since the link came up"
    desk.reconcile(settled=False)
    if ledger.counting or any(order.state == "IN_DOUBT" for order in ledger.orders.values()):
        desk.wake_settled()  # the one that was running may have fired into a dead link


def _right_account(decider: Decider, account: Account) -> None:
    """Hold everything on an account of other positions or money: an exit there could open, and all sizes are wrong."""
    why = ""
    if account.hedging != decider.plan.hedging:
        why = f"the account is {'hedging' if account.hedging else 'netting'}, account.positions says otherwise"
    elif account.currency != decider.plan.currency and decider.plan.mode != "paper":
        why = f"the account's money is {account.currency}, account.currency says {decider.plan.currency}"
    if not why:
        decider.ledger.holds.pop("WRONG_TERMINAL", None)
    elif decider.ledger.holds.get("WRONG_TERMINAL") != why:
        decider.ledger.holds["WRONG_TERMINAL"] = why
        decider.desk.alert("no_progress", why, "WRONG_TERMINAL")


def lost(ledger: Ledger, desk: OrderDesk, fact: LinkDown) -> None:
    """Hold everything until the link is back; one that was given up halts the account."""
    _down(ledger, "LINK", fact.reason)
    if fact.given_up:
        _page_and_halt(desk, f"the link was given up: {fact.reason}")
    elif fact.away_s > 0.0:
        desk.alert("no_progress", lasting(fact), "LINK")


def lasting(fact: LinkDown) -> str:
    """Return what a person reads of a terminal that is away for too long."""
    return f"no terminal for {fact.away_s / 60:.0f} minutes of an open market: {fact.reason}"


def wrong(ledger: Ledger, desk: OrderDesk, fact: WrongTerminal) -> None:
    """Halt: what was read may be another account's."""
    why = f"expected {fact.expected}, found {fact.found}"
    _down(ledger, "WRONG_TERMINAL", why)
    _page_and_halt(desk, f"wrong terminal: {why}")


def trading_forbidden(ledger: Ledger, desk: OrderDesk, fact: TradingForbidden) -> None:
    """Hold entries while terminal or account may not trade."""
    forbidden(ledger, desk, fact.reason)


def forbidden(ledger: Ledger, desk: OrderDesk, reason: str) -> None:
    """Hold entries and say why, once."""
    if ledger.holds.get("SESSION") != reason:
        desk.alert("note", f"trading is not allowed: {reason}")
    ledger.holds["SESSION"] = reason


def _down(ledger: Ledger, hold: str, reason: str) -> None:
    ledger.holds[hold] = reason
    ledger.holds["UNRECONCILED"] = reason


def _page_and_halt(desk: OrderDesk, why: str) -> None:
    desk.alert("halt", why)
    desk.set_level("halt", why)
