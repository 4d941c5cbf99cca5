"""Where a live account's orders go: what a look at its terminal amounts to."""

import asyncio

from typing import Any

import pytest

from brokers.facts import DealMade
from brokers.mt5.frames import Looked
from market.types import Deal
from runtime.core.state import Ledger
from runtime.desks import TerminalDesk
from tests.cores import an_account, hour

DEAL = Deal(
    ticket=1, order=1, position=0, at=0, symbol="", side=1, entry="none", volume=0.0, price=0.0, flow="balance",
)  # fmt: skip


class Session:
    """A session whose every look comes to the same."""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401 - of a Looked
        """Take what is seen."""
        self.seen = Looked(
            at=hour(1), account=an_account(), positions=(), orders=(), news=(DealMade(at=0, deal=DEAL),), last_deal=1,
            **fields,
        )  # fmt: skip

    async def look(self, *_: object) -> Looked:
        """Tell it."""
        return self.seen


@pytest.mark.parametrize(
    ("still", "summed", "settled", "counted"),
    [
        (True, True, False, True),
        (True, False, False, False),
        (True, False, True, True),
        (False, True, False, False),
        (False, True, True, False),
    ],
)
def test_a_balance_is_counted_once_its_deals_make_it_or_the_window_is_over_and_nothing_moved(
    *, still: bool, summed: bool, settled: bool, counted: bool
) -> None:
    """A deal that is made while it is read may be in the balance or not: the next look says."""
    session: Any = Session(still=still, summed=summed)
    _, found = asyncio.run(TerminalDesk(session).look(Ledger(), 0, settled=settled))

    assert counted == found.counted


@pytest.mark.parametrize("known", [False, True])
def test_the_history_of_an_account_is_no_news_before_its_balance_is_known(*, known: bool) -> None:
    """That balance has it already."""
    session: Any = Session()
    news, _ = asyncio.run(TerminalDesk(session).look(Ledger(known=known), 0, settled=False))

    assert known == bool(news)
