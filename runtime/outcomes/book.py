"""The book of open trades from which outcomes are made: decisions and deals in, closed trades out."""

import msgspec

from brokers.fills import shift
from market.money import cents
from market.types import Bar, Deal
from runtime.core.decision import Decision
from runtime.core.early import KEPT, LEFT
from runtime.core.hands import MANUAL, PEOPLE, by_hand, tagged
from runtime.core.positions import LOT_DUST, Trade
from runtime.core.writeoff import WRITTEN_OFF
from runtime.outcomes.open_trade import Asked, OpenTrade, left_by, measured, own_part, slipped, split
from runtime.outcomes.outcome import Book, Outcome
from runtime.outcomes.slippage import UNTOLD, Quote, Slip

REMEMBERED = 256
"""Entries wanted and not filled yet that are remembered; older ones were never filled."""
ENDED = 16
"""Positions of a symbol in which a trade ended that are remembered: netting, the next may be in the same."""


class OutcomeBook(msgspec.Struct):
    """Trades by magic number until their entry deal is seen, then by position."""

    kind: Book
    gate: str = ""
    wanted: dict[int, OpenTrade] = {}
    held: dict[int, OpenTrade] = {}
    early: list[Deal] = []
    """Deals that left a position of which no entry, or not all of it, was told yet; some are strangers'."""
    written: dict[int, OpenTrade] = {}
    """Trades that a person has written off, by position: whose a deal is that shows after all."""
    over: dict[str, dict[str, int]] = {}
    """By symbol, how many trades of a strategy have ended in a position; a venue where others trade keeps it open."""
    caught: list[int] = []
    """Tickets of those that the last deal has told to be ours."""
    slips: dict[int, Slip] = {}
    """What the last deal and those have cost beside the price they were decided at, where that was ours to decide."""
    took: float = 0.0
    """What the last deal, and those that it has told to be ours, have moved into trades of ours, account money."""

    def decided(self, decision: Decision, known_as: str | None = None) -> None:
        """Remember who wanted an entry, so that its deals find it, and at what quote an exit was wanted.

        known_as: what people call the decision, where it is not by its own name.
        """
        if decision.outcome == "exit":
            self.leaving(decision.magic, decision.instruction, (decision.bid, decision.ask))
        if decision.outcome == "traded":
            level = 0.0 if decision.kind == "market" else decision.price
            self.wanted[decision.magic] = OpenTrade(
                decision=decision.id if known_as is None else known_as, strategy=decision.strategy,
                symbol=decision.symbol, timeframe=decision.timeframe, side=decision.side, risk=decision.risk,
                regime=decision.regime, gate_open=decision.gate_open, model=decision.model, magic=decision.magic,
                asked=decision.volume,
                entering=Asked(decision.instruction, (decision.bid, decision.ask), UNTOLD, level),
            )  # fmt: skip
            if len(self.wanted) > REMEMBERED:
                del self.wanted[next(iter(self.wanted))]

    def leaving(self, magic: int, instruction: int, quote: Quote) -> None:
        """Note that an order of ours is to close a trade, and at what quote that was decided."""
        for trade in self.held.values():
            if trade.magic == magic:
                trade.leaving = Asked(instruction, quote)

    def sent(self, instruction: int, quote: Quote) -> None:
        """Note at what quote an order of ours was sent."""
        for trade in (*self.wanted.values(), *self.held.values()):
            for name in ("entering", "leaving"):
                asked: Asked = getattr(trade, name)
                if asked.instruction == instruction:
                    setattr(trade, name, msgspec.structs.replace(asked, sent=quote))

    def adopted(self, trade: Trade, timeframe: str, strategy: str, risk: float) -> None:
        """Follow a trade that somebody else has opened, from now on; risk: loss at its stop, account money."""
        self.held[trade.position] = OpenTrade(
            decision="", strategy=strategy, symbol=trade.symbol, timeframe=timeframe, side=trade.side, risk=risk,
            regime=-1, gate_open=False, model="", magic=trade.magic, tag=trade.tag, opened=trade.opened_at,
            volume=trade.volume, left=trade.volume, entry_value=trade.volume * trade.entry, entry_price=trade.entry,
        )  # fmt: skip

    def bar(self, bar: Bar, spread: float, scale: float) -> None:
        """Fold one closed bar into the excursions of what is held; only bars of the strategy's own timeframe count.

        Bars are bid, and a short is left at the ask. spread: points, where a bar has none of its own; scale: points in
        one of price.
        """
        for trade in self.held.values():
            if trade.symbol == bar.symbol and trade.timeframe == bar.timeframe:
                points = bar.spread if bar.spread > 0.0 else spread
                entry, above = trade.entry_price, 0.0 if trade.side > 0 else points
                up, down = shift(bar.high, above, scale) - entry, entry - shift(bar.low, above, scale)
                best, worst = (up, down) if trade.side > 0 else (down, up)
                if best > trade.mfe:
                    trade.mfe = best
                if worst > trade.mae:
                    trade.mae = worst
                trade.bars += 1

    def deal(self, deal: Deal, *, early: bool = False) -> Outcome | None:
        """Take a deal in; return the outcome when it closes the trade. `early`: it waits for more of its entry."""
        self.caught, self.slips, self.took = [], {}, 0.0
        if deal.entry == "in":
            return self._enter(deal)
        trade = self.held.get(deal.position)
        if deal.entry in LEFT and (early or trade is None):
            self.early = [*self.early, deal][-KEPT:]
            return None
        return self._leave(trade, deal) if trade is not None and deal.entry != "none" else None

    def _leave(self, trade: OpenTrade, deal: Deal) -> Outcome | None:
        volume = deal.volume if deal.volume <= trade.left + LOT_DUST else trade.left  # what is more is somebody else's
        self._charge(trade, deal, volume)
        self._slipped(trade, deal, left_by(trade, deal), volume)
        trade.left -= volume
        trade.exit_value += volume * deal.price
        if trade.left > LOT_DUST:
            return None
        del self.held[deal.position]
        if trade.volume < trade.asked - LOT_DUST:
            self._await_rest(trade)
        return self._outcome(trade, deal)

    def _await_rest(self, t: OpenTrade) -> None:
        """Wait for what was not filled yet of a trade that was left: it is a trade of the same wish."""
        self.wanted[t.magic] = OpenTrade(
            decision=t.decision, strategy=t.strategy, symbol=t.symbol, timeframe=t.timeframe, side=t.side, risk=t.risk,
            regime=t.regime, gate_open=t.gate_open, model=t.model, magic=t.magic, asked=t.asked - t.volume,
            again=t.again + 1, entering=t.entering,
        )  # fmt: skip

    def _enter(self, deal: Deal) -> Outcome | None:
        """Enter a trade or make it larger; return its outcome where deals told before have closed it."""
        trade = self.held.get(deal.position) or self.wanted.pop(deal.magic, None)
        if trade is None:
            return None
        self.held[deal.position] = trade
        self._charge(trade, deal, deal.volume)
        if deal.magic == trade.magic:
            self._slipped(trade, deal, measured(trade.entering, deal), deal.volume)
        trade.opened = trade.opened or deal.at
        trade.volume += deal.volume
        trade.left += deal.volume
        trade.entry_value += deal.volume * deal.price
        trade.entry_price = deal.price if trade.volume == deal.volume else trade.entry_value / trade.volume
        return self._catch_up(trade, deal)

    def _catch_up(self, trade: OpenTrade, entry: Deal) -> Outcome | None:
        """Take in what has left a trade since an entry and was told before it, once all of that can have been in it."""
        mine = (d for d in self.early if d.position == entry.position and d.ticket > entry.ticket)
        early, lots = sorted(mine, key=lambda d: d.ticket), 0.0
        for deal in early:
            lots += deal.volume
        if not early or lots > trade.left + LOT_DUST:
            return None
        self.early = [d for d in self.early if d not in early]
        self.caught = [d.ticket for d in early]
        return [self._leave(trade, deal) for deal in early][-1]

    def _slipped(self, trade: OpenTrade, deal: Deal, slip: Slip | None, volume: float) -> None:
        """Note what an execution of so many lots of a trade cost; None: that was not for us to decide."""
        if slip is not None:
            self.slips[deal.ticket] = slip
            slipped(trade, slip, volume)

    def _charge(self, trade: OpenTrade, deal: Deal, volume: float) -> None:
        """Give a trade the money of a deal, of which so many lots are its own."""
        profit, commission, swap, fee = own_part(deal, volume)
        trade.profit = cents(trade.profit + profit)
        trade.commission = cents(trade.commission + commission)
        trade.swap = cents(trade.swap + swap)
        trade.fee = cents(trade.fee + fee)
        self.took = cents(self.took + profit + commission + swap + fee)
        if by_hand(deal, trade.magic):
            trade.tag = tagged(trade.tag, MANUAL)

    def _before(self, t: OpenTrade, position: int) -> int:
        """Return how many trades of its strategy ended before it in a position, and count it."""
        if self.kind == "shadow":  # nobody else trades at its venue
            return t.again
        ended = self.over.setdefault(t.symbol, {})
        name = f"{t.strategy}/{position}"
        before = max(t.again, ended.pop(name, 0))
        ended[name] = before + 1
        if len(ended) > ENDED:
            del ended[next(iter(ended))]
        return before

    def standing(self) -> float:
        """Return what the deals of open trades have made so far, account money."""
        return cents(sum(t.profit + t.commission + t.swap + t.fee for t in self.held.values()))

    def written_off(self, position: int, at: int) -> Outcome | None:
        """End a trade of which no deal told how it went: its money is what was told of it, the rest is the ledger's."""
        t = self.held.pop(position, None)
        if t is None:
            return None
        self.written[position] = t
        again = self._before(t, position)
        if len(self.written) > REMEMBERED:
            del self.written[next(iter(self.written))]
        return Outcome(
            book=self.kind, decision=t.decision, strategy=t.strategy, symbol=t.symbol, side=t.side, volume=t.volume,
            position=position, opened=t.opened, closed=at, entry_price=t.entry_price, exit_price=float("nan"),
            profit=t.profit, commission=t.commission, swap=t.swap, fee=t.fee,
            net=cents(t.profit + t.commission + t.swap + t.fee), r=float("nan"), mae=t.mae, mfe=t.mfe, bars=t.bars,
            exit_reason=WRITTEN_OFF, regime=t.regime, gate_open=t.gate_open, model=t.model,
            tag=tagged(t.tag, MANUAL), gate=self.gate, again=again, **split(t)._asdict(),
        )  # fmt: skip

    def _outcome(self, t: OpenTrade, last: Deal) -> Outcome:
        net = cents(t.profit + t.commission + t.swap + t.fee)
        left_at = last.price if last.volume >= t.volume else t.exit_value / t.volume
        ahead = (left_at - t.entry_price) * t.side
        return Outcome(
            book=self.kind, decision=t.decision, strategy=t.strategy, symbol=t.symbol, side=t.side, volume=t.volume,
            position=last.position, opened=t.opened, closed=last.at, entry_price=t.entry_price, exit_price=left_at,
            profit=t.profit, commission=t.commission, swap=t.swap, fee=t.fee, net=net,
            r=net / t.risk if t.risk > 0.0 else float("nan"), mae=max(t.mae, -ahead), mfe=max(t.mfe, ahead),
            bars=t.bars, exit_reason=_reason(t, last), regime=t.regime, gate_open=t.gate_open, model=t.model,
            tag=t.tag, gate=self.gate, again=self._before(t, last.position), **split(t)._asdict(),
        )  # fmt: skip


def _reason(trade: OpenTrade, deal: Deal) -> str:
    """Say why a trade was left; our own closing orders carry the reason in their comment."""
    if deal.reason in PEOPLE:
        return "person"
    if deal.reason != "expert":
        return deal.reason
    if deal.comment.startswith("tg "):
        return deal.comment[3:]
    return deal.reason if deal.magic == trade.magic else "another program"
