"""The venue's balance beyond what all deals told make of it: a break, which a person may take for true.

It goes with a trade that is gone where there is one (`writeoff.py`). A deal that shows after all is counted, so the
balance is off by it again, and a person is asked anew.
"""

from brokers.facts import Reconciled
from runtime.core.decide import Decider
from runtime.core.facts import BalanceTaken
from runtime.core.replies import reply, unseen
from runtime.core.state import Lane, Ledger

BALANCE_TAKEN = "balance taken"
"""Of what kind its money is, among the account's movements."""
DUST = 0.005
"""Half a cent: below it two balances are the same."""

DOUBTS = ("IN_DOUBT", "MISSING")
"""Holds that end by themselves, with a deal or without."""


def weigh(ledger: Ledger, fact: Reconciled) -> str:
    """Note what the venue's balance is beyond ours, and since which look; return what is wrong, or nothing."""
    off = fact.account.balance - ledger.balance
    if abs(off - ledger.off) > DUST:
        ledger.off_since = fact.at
    ledger.off = off if abs(off) > DUST else 0.0
    return f"the venue's balance is {off:+.2f} off what all deals told make of it" if ledger.off else ""


def take_balance(decider: Decider, fact: BalanceTaken) -> None:
    """Go on from the balance that the venue has; or say why not."""
    ledger, desk = decider.ledger, decider.desk
    problem = _not_yet(decider)
    if problem:
        reply(desk, fact.asker, "ack", "balance", problem, ok=False)
        return
    text = f"the balance is taken as the venue has it, {take_difference(ledger, decider.lanes):+.2f} that no deal told"
    desk.alert("note", f"{text}, says {fact.asker.who}: {fact.asker.why}")
    reply(desk, fact.asker, "ack", "balance", text, ok=True)
    desk.reconcile(settled=False)  # a look lifts what is explained now


def _not_yet(decider: Decider) -> str:
    ledger = decider.ledger
    if hidden := unseen(ledger.holds):
        return hidden
    if not ledger.off:
        return "the balance is what all deals told make of it: there is nothing to take"
    if where := gone(decider.lanes):
        return f"position {where[0]} is gone without a deal: write that off first, the balance goes with it"
    if waits := [early.deal.position for early in ledger.early if early.entry]:
        return f"position {waits[0]} was left before its entry was told: ask with --position {waits[0]}"
    if doubts := [hold for hold in ledger.holds if hold.partition(":")[0] in DOUBTS]:
        return f"a deal of what is in doubt may be yet to show ({', '.join(doubts)}): ask again when that is settled"
    if ledger.at - ledger.off_since < decider.desk.settle_s * 1000:
        return (
            f"it is {ledger.off:+.2f} off for less than a settle window: a deal may be yet to show; ask again after it"
        )
    return ""


def gone(lanes: list[Lane]) -> list[int]:
    """Return the positions of trades that the last look missed at the venue."""
    return [lane.trade.position for lane in lanes if lane.trade is not None and lane.trade.absent]


def take_difference(ledger: Ledger, lanes: list[Lane]) -> float:
    """Return what the balance is off by the look before, and take it, once no other trade may be the reason."""
    money = 0.0 if gone(lanes) else ledger.off
    ledger.balance += money
    ledger.off -= money
    ledger.taken = money
    return money
