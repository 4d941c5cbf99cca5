"""Orders of ours: how a wish becomes an instruction with a record, and what each answer of the venue does to it."""

from brokers.facts import Accepted, InDoubt, OrderGone, Refused, Rejected
from brokers.latch import Level
from runtime.core.instructions import (
    Alert,
    AnyInstruction,
    Cancel,
    ClosePosition,
    ModifyStop,
    Reconcile,
    SetLevel,
    Submit,
    WakeAt,
)
from runtime.core.kinds import KINDS, Kind
from runtime.core.orders import OPEN, OrderRecord, walk
from runtime.core.positions import LOT_DUST, Trade
from runtime.core.risk import Approved
from runtime.core.state import Lane, Ledger

KEEP_ENDED = 16
"""Ended orders remembered, for a fill that comes after the end."""

MISSING_WINDOWS = 3.0
"""A MISSING order forbids entries on its symbol for this many settle windows more: a venue may yet fill it."""

UNCHANGED = 10025
"""MT5 retcode: the stop already stands where it was wanted."""


def magic_of(strategy: int, run: int, number: int) -> int:
    """Return the magic number of one intent, below 2**63: strategy, run and number of the instruction."""
    return (strategy & 0x7FFF) << 48 | (run & 0xFFFF) << 32 | (number & 0xFFFFFFFF)


def run_of(magic: int) -> int:
    """Return the run a magic number of ours was made in; 0 for one that is not ours."""
    return magic >> 32 & 0xFFFF if magic >> 48 else 0


class OrderDesk:
    """The order book of one core: the only writer of `Ledger.orders`, `Ledger.magics` and of every trade."""

    __slots__ = ("by_number", "ledger", "out", "settle_s")

    def __init__(self, ledger: Ledger, lanes: list[Lane], settle_s: float) -> None:
        """Begin with an empty list of wishes."""
        self.ledger = ledger
        self.by_number = {lane.number: lane for lane in lanes}
        self.settle_s = settle_s
        self.out: list[AnyInstruction] = []

    def next_id(self) -> int:
        """Return a fresh instruction id: made of run and number, never random."""
        self.ledger.instructions += 1
        return (self.ledger.run << 32) | self.ledger.instructions

    # --- wishes -----------------------------------------------------------------------------------------------------

    def submit(self, lane: Lane, approved: Approved, plan: tuple[float, float, float, float], decision: int) -> Submit:
        """Send an approved entry; its magic number is unique per intent: strategy, run, number."""
        ledger, intent = self.ledger, approved.intent
        ident = self.next_id()
        magic = magic_of(lane.number, ledger.run, ledger.instructions)
        order = OrderRecord(
            id=ident, verb="entry", strategy=lane.number, symbol=intent.symbol, decision=decision, magic=magic,
            side=intent.side, volume=intent.volume, price=intent.price, stop=intent.stop, target=intent.target,
            kind=intent.kind, plan=plan,
        )  # fmt: skip
        self._file(order)
        ledger.magics[magic] = ident
        lane.order = ident
        comment = f"tg {lane.number}.{ledger.run}.{ledger.instructions}"
        wish = Submit(id=ident, approved=approved, magic=magic, comment=comment, decided_at=ledger.at)
        self.out.append(wish)
        return wish

    def close(
        self, trade: Trade, reason: str, *, lots: float = 0.0, operator: bool = False, max_spread: float = 0.0
    ) -> ClosePosition:
        """Close a trade at the market, or so many lots of it."""
        ident = self.next_id()
        bid, ask = self.ledger.quotes.get(trade.symbol, (trade.entry, trade.entry))
        price = bid if trade.side > 0 else ask
        order = self._about(ident, "close", trade, price, trade.stop)
        order.volume = lots or trade.volume
        self._file(order)
        trade.closing = ident
        wish = ClosePosition(
            id=ident, symbol=trade.symbol, position=trade.ticket or trade.position, side=trade.side,
            volume=order.volume, price=price, magic=trade.magic, reason=reason, decided_at=self.ledger.at,
            operator=operator, max_spread=max_spread,
        )  # fmt: skip
        self.out.append(wish)
        return wish

    def move_stop(self, trade: Trade, stop: float) -> None:
        """Move the protective stop of a trade."""
        ident = self.next_id()
        self._file(self._about(ident, "stop", trade, trade.entry, stop))
        trade.moving = ident
        self.out.append(
            ModifyStop(
                id=ident,
                symbol=trade.symbol,
                position=trade.ticket or trade.position,
                stop=stop,
                target=trade.target,
                decided_at=self.ledger.at,
            )
        )

    def cancel(self, lane: Lane) -> None:
        """Take a lane's resting entry back, unless that was asked already."""
        order = self.ledger.orders.get(lane.order)
        if order is not None:
            self.take_back(order)

    def take_back(self, order: OrderRecord) -> None:
        """Cancel an entry that rests, unless that was asked already."""
        if order.state not in {"WORKING", "PARTIAL"} or order.cancelling:
            return
        ident = order.cancelling = self.next_id()
        record = OrderRecord(
            id=ident, verb="cancel", strategy=order.strategy, symbol=order.symbol, decision=order.decision,
            magic=order.magic, side=order.side, volume=order.volume, price=order.price, ticket=order.ticket,
        )  # fmt: skip
        self._file(record)
        self.out.append(Cancel(id=ident, symbol=order.symbol, order=order.ticket, decided_at=self.ledger.at))

    def alert(self, kind: Kind, text: str, about: str = "") -> None:
        """Tell the people on call; what a kind means for them stands in its table."""
        self.out.append(Alert(id=self.next_id(), severity=KINDS[kind].severity, text=text, kind=kind, about=about))

    def reconcile(self, *, settled: bool) -> None:
        """Ask for all the venue holds."""
        self.out.append(Reconcile(id=self.next_id(), settled=settled))

    def wake(self, after_s: float, key: str) -> int:
        """Ask to be told once some time has passed; return the timer's id."""
        ident = self.next_id()
        self.out.append(WakeAt(id=ident, after_s=after_s, key=key))
        return ident

    def wake_settled(self) -> None:
        """Ask to be told when the settle window of the newest doubt is over; earlier timers count no more."""
        self.ledger.settle_timer = self.wake(self.settle_s, "settle")

    def wake_missing(self, symbol: str) -> None:
        """Ask to be told when the second, longer window of a symbol's newest missing order is over."""
        self.ledger.missing_timers[symbol] = self.wake(self.settle_s * MISSING_WINDOWS, f"missing:{symbol}")

    def set_level(self, level: Level, why: str, scope: str = "") -> None:
        """Ask for a tighter level to be latched."""
        self.out.append(SetLevel(id=self.next_id(), level=level, why=why, scope=scope))

    def _about(self, ident: int, verb: str, trade: Trade, price: float, stop: float) -> OrderRecord:
        return OrderRecord(
            id=ident, verb=verb, strategy=trade.strategy, symbol=trade.symbol,  # type: ignore[arg-type]  # our verbs
            decision=trade.decision, magic=trade.magic, side=trade.side, volume=trade.volume, price=price, stop=stop,
            position=trade.position,
        )  # fmt: skip

    def _file(self, order: OrderRecord) -> None:
        walk(order, "sent", f"at {self.ledger.at}")
        self.ledger.orders[order.id] = order

    # --- answers ----------------------------------------------------------------------------------------------------

    def accepted(self, fact: Accepted) -> None:
        """Note that the venue did it: the order rests, or is executed and its deal is on its way to us."""
        order = self.ledger.orders.get(fact.id)
        if order is None:
            return
        order.ticket, order.deal = fact.order, fact.deal
        if order.verb == "entry":
            walk(order, "filled" if fact.deal else "placed", f"order {fact.order}, deal {fact.deal}")
            if order.kind == "market" and 0.0 < fact.volume < order.volume:
                order.volume = fact.volume  # the venue had no more, and dropped the rest
            self.whole(order)
            return
        walk(order, "filled", f"order {fact.order}, deal {fact.deal}")
        trade = self.by_number[order.strategy].trade
        if order.verb == "stop" and trade is not None and trade.moving == order.id:
            trade.stop, trade.moving, trade.refused = order.stop, 0, 0
        self.prune()

    def refused(self, fact: Rejected | Refused) -> None:
        """Note a clear no of venue or gateway: nothing was done, and nothing is tried again by itself."""
        order = self.ledger.orders.get(fact.id)
        if order is None:
            return
        order.code, order.reason = fact.code, fact.reason
        walk(order, "refused", f"{fact.code} {fact.reason}")
        self._let_go(order)
        self.prune()

    def never_left(self, order: OrderRecord, why: str) -> None:
        """Note that a request was never sent: nothing was done, and it is too old to be sent now."""
        order.reason = why
        walk(order, "refused", why)
        self._let_go(order)

    def _let_go(self, order: OrderRecord) -> None:
        lane = self.by_number[order.strategy]
        trade = lane.trade
        if order.verb == "entry" and lane.order == order.id:
            lane.order = 0
        if order.verb == "cancel":
            self.may_cancel_again(order, stays=True)
        if trade is not None and trade.closing == order.id:
            trade.closing, trade.doubt = 0, False
        if trade is not None and trade.moving == order.id:
            trade.moving, trade.refused = 0, order.code if order.stop == trade.stop else 0
            if order.code == UNCHANGED:
                trade.stop = order.stop

    def may_cancel_again(self, cancel: OrderRecord, *, stays: bool = False) -> None:
        """Forget a cancel that did not work: its entry still rests; it `stays` where the venue has said so."""
        for order in self.ledger.orders.values():
            if order.cancelling == cancel.id:
                order.cancelling, order.stays = 0, order.stays or stays

    def doubted(self, fact: InDoubt) -> None:
        """Nobody knows: hold the symbol, and look once the settle window has passed. Nothing is ever resent."""
        order = self.ledger.orders.get(fact.id)
        if order is None:
            return
        order.code, order.reason = fact.code, fact.reason
        self.doubt(order, fact.reason)

    def doubt(self, order: OrderRecord, why: str) -> None:
        """Put one order in doubt."""
        walk(order, "doubt", why)
        self.ledger.holds[f"IN_DOUBT:{order.symbol}"] = f"{order.name}: {why}"
        trade = self.by_number[order.strategy].trade
        if trade is not None and order.id in {trade.closing, trade.moving}:
            trade.doubt = True
        self.wake_settled()

    def lift_doubts(self) -> None:
        """Lift the holds of symbols on which no order is in doubt any more: a look, a deal or an end has told."""
        ledger = self.ledger
        doubtful = {o.symbol for o in ledger.orders.values() if o.state == "IN_DOUBT"}
        for key in [k for k in ledger.holds if k.startswith("IN_DOUBT:") and k[9:] not in doubtful]:
            del ledger.holds[key]
        if not doubtful:
            ledger.settle_timer = 0

    def doubts(self, trade: Trade) -> bool:
        """Say whether nobody knows what became of an order about this trade."""
        asked = (self.ledger.orders.get(ident) for ident in (trade.closing, trade.moving))
        return any(order is not None and order.state == "IN_DOUBT" for order in asked)

    # --- news -------------------------------------------------------------------------------------------------------

    def whole(self, order: OrderRecord) -> None:
        """Set the strategy free of an entry once all of it has become its trade."""
        lane = self.by_number[order.strategy]
        trade = lane.trade
        if trade is not None and trade.position == order.position and trade.volume >= order.volume - LOT_DUST:
            if lane.order == order.id:
                lane.order = 0
            self.prune()

    def gone(self, fact: OrderGone) -> None:
        """Note that a resting entry of ours rests no more."""
        order = self.ledger.orders.get(self.ledger.magics.get(fact.magic, 0))
        if order is None or order.verb != "entry":
            return
        if fact.end == "filled":
            if order.state != "PARTIAL":
                return  # its deal says so, and says at what price
            walk(order, "filled", "its last part")  # deals are told before: nothing of it is left
        elif order.state in OPEN:
            walk(order, "gone", fact.end)
        lane = self.by_number[order.strategy]
        if lane.order == order.id:
            lane.order = 0
        self.lift_doubts()
        self.prune()

    def prune(self) -> None:
        """Forget the oldest ended orders, so that a core's state stays small."""
        orders = self.ledger.orders
        if len(orders) <= KEEP_ENDED:
            return
        awaited = {lane.order for lane in self.by_number.values()}  # filled perhaps, but its deal was not told yet
        awaited |= {lane.trade.closing for lane in self.by_number.values() if lane.trade is not None}
        awaited |= {early.entry for early in self.ledger.early} | {order.cancelling for order in orders.values()}
        ended = [i for i, o in orders.items() if o.state not in OPEN and i not in awaited]
        for ident in ended[: len(orders) - KEEP_ENDED]:
            magic = orders.pop(ident).magic
            if self.ledger.magics.get(magic) == ident:
                del self.ledger.magics[magic]
