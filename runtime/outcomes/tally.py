"""The tally: where every cent of an account's balance went since it was known first.

The balance is what it began with, plus what closed trades of ours made, what the deals of open ones made so far, the
trades of others, and the ledger: money that came or went without a trade, by kind. What is left over is unexplained:
there is none, or a deal was counted twice, or not at all.
"""

import msgspec

from market.money import cents
from market.types import Deal
from runtime.outcomes.outcome import Outcome


class Tally(msgspec.Struct):
    """Sums in account money, each to the cent."""

    known: bool = False
    began: float = 0.0
    """The balance as it was known first, without what had been made of trades that were open by then."""
    outcomes: float = 0.0
    foreign: float = 0.0
    ledger: dict[str, float] = {}
    """By kind, as `kind_of` names them; what a person has taken for true is of a kind of its own."""

    def begin(self, balance: float, standing: float) -> None:
        """Count from here on; `standing` is what the deals of open trades have made so far."""
        self.known, self.began = True, cents(balance - standing)

    def deal(self, deal: Deal, ours: float) -> None:
        """Count a deal, of whose money so much went into trades of ours, with that of deals before it that are ours."""
        if deal.entry == "none":
            self.moved(kind_of(deal), deal.money)
        else:
            self.foreign = cents(self.foreign + deal.money - ours)

    def closed(self, outcome: Outcome) -> None:
        """Count a closed trade of ours."""
        self.outcomes = cents(self.outcomes + outcome.net)

    def moved(self, kind: str, money: float) -> None:
        """Count money that came or went without a trade."""
        self.ledger[kind] = cents(self.ledger.get(kind, 0.0) + money)

    def sum(self, standing: float) -> float:
        """Return what the balance must be; `standing` is what the deals of open trades have made so far."""
        return cents(self.began + self.outcomes + standing + self.foreign + cents(sum(self.ledger.values())))


def kind_of(deal: Deal) -> str:
    """Return of what kind the money of a deal without a trade is, as people read it."""
    if deal.flow in {"", "balance"}:
        return "deposit" if deal.money >= 0.0 else "withdrawal"
    return deal.flow
