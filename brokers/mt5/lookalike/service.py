"""Everything between a decoded call and its outcome, without sockets: who asks, what is worked, and what is seen of it.

A real line shows more than replies: one that comes late, one that never comes, or an end. Whoever carries calls (the
server's sockets, a test in its own process) turns outcomes into that; the service itself never waits. Faults that hit a
call stand between it and the verb, each as a step that may change what is asked, what is worked and what is shown.
"""

import heapq
import itertools

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, assert_never

import msgspec

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.accounts import AccountDesk
from brokers.mt5.lookalike.client import Failed
from brokers.mt5.lookalike.distortions import cut_short, hiding, pending, shifted, shifted_arguments
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.faults import (
    Answers,
    AnyKind,
    Fails,
    Fault,
    Forbidden,
    HangsUp,
    Held,
    Late,
    Partial,
    Restart,
    Short,
    Silent,
    Slow,
    Stray,
    Unreachable,
    WrongClock,
)
from brokers.mt5.lookalike.outcomes import Hangup, Outcome, Reply, Silence, changed, slower
from brokers.mt5.lookalike.seat import TEXTS, Seat, place_of, seat_at
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.structs import TradeRequest, names_of
from brokers.mt5.lookalike.verbs import CONTROLS, VERBS
from brokers.mt5.lookalike.wire import Stranger

Step = Callable[[Seat, list[Any]], Outcome]
Hits = list[tuple[int, Fault]]
_SYMBOL, _TYPE = names_of(TradeRequest).index("symbol"), names_of(TradeRequest).index("type")


class Service:
    """Answers the calls of every terminal of one trade server."""

    __slots__ = ("_away", "_count", "_held", "_home", "_late", "_still", "exchange", "folder")

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        """Serve an exchange that was made from `folder`."""
        self.exchange = exchange
        self.folder, self._home = folder, str(folder)
        self._away: dict[str, float] = {}
        """Until when a terminal that restarts is not there."""
        self._count = itertools.count()
        self._held: list[tuple[float, int, int, list[Any]]] = []
        """Trade requests to be worked later: when, a number, of whom, what."""
        self._late: dict[tuple[str, int], tuple[float, AccountDesk]] = {}
        """Until when a terminal shows an account as it was before a request."""
        self._still: dict[tuple[int, str], tuple[AccountDesk, Mapping[str, Series]]] = {}
        """What a terminal without its broker knew last, by fault and place."""

    def place_of(self, path: str) -> str:
        """Return which terminal a client means that opens `path`."""
        return place_of(self.folder, path)

    def answer(self, place: str, verb: str, arguments: list[Any]) -> Outcome:
        """Work a call of one terminal and say what its line shows; Stranger for what no client would ask."""
        if verb not in VERBS:
            raise Stranger(f"a call nobody here would make: {verb}")
        if self._held:
            self._work_held()
        seat = self._seat(place)
        if verb == "mend" and not arguments[0]:
            self._away.clear()
            self._late.clear()
        if not self.exchange.faults.standing or verb in CONTROLS:
            return self._away_or(verb, seat, arguments)
        x = self.exchange
        hits = x.faults.hits(place, seat.login, verb, x.replay.at, x.elapsed())
        for number, fault in hits:
            if fault.times:
                x.strike(number)
        return self._through(hits, verb, seat, arguments)

    def go_on(self) -> None:
        """Let the clock go on by itself."""
        self._work_held()
        self.exchange.go_on()

    def _seat(self, place: str) -> Seat:
        seat = seat_at(self.exchange, self._home, place)
        late = self._late.get((place, seat.login)) if self._late else None
        if late is None:
            return seat
        if late[0] <= self.exchange.elapsed():
            del self._late[place, seat.login]
            return seat
        return msgspec.structs.replace(seat, account=late[1])

    def _work_held(self) -> None:
        while self._held and self._held[0][0] <= self.exchange.elapsed():
            _, _, login, fields = heapq.heappop(self._held)
            self.exchange.send(login, fields)

    # --- the way through the faults ---------------------------------------------------------------------------------

    def _through(self, hits: Hits, verb: str, seat: Seat, arguments: list[Any]) -> Outcome:
        """Work a call behind the faults that hit it, the first of them outermost."""
        if not hits:
            return self._away_or(verb, seat, arguments)
        (number, fault), *inner = hits

        def work(seat: Seat, arguments: list[Any]) -> Outcome:
            return self._through(inner, verb, seat, arguments)

        if verb == "send":
            outcome = self._with_request(fault.kind, seat, arguments, work)
            if outcome is not None:
                return outcome
        return self._with(number, fault.kind, verb, seat, arguments, work)

    def _away_or(self, verb: str, seat: Seat, arguments: list[Any]) -> Outcome:
        """Work a call, unless its terminal is restarting."""
        if self._away:
            if self.exchange.elapsed() < self._away.get(seat.place, 0.0):
                return Hangup()
            self._away.pop(seat.place, None)
        try:
            return Reply(1, "", VERBS[verb](seat, *arguments))
        except Failed as failed:
            return Reply(*failed.error, None)

    def _with(  # noqa: C901, PLR0911 - a table of kinds
        self, number: int, kind: AnyKind, verb: str, seat: Seat, arguments: list[Any], work: Step
    ) -> Outcome:
        """Work any call as a fault has it."""
        match kind:
            case Silent(worked=worked):
                return _instead(Silence(), worked, seat, arguments, work)
            case HangsUp(worked=worked):
                return _instead(Hangup(), worked, seat, arguments, work)
            case Fails(code=code, worked=worked):
                return _instead(Reply(code, TEXTS.get(code, ""), None), worked, seat, arguments, work)
            case Restart(seconds=seconds):
                self._away[seat.place] = self.exchange.elapsed() + seconds
                return Hangup()
            case Slow(seconds=seconds):
                return slower(work(seat, arguments), seconds)
            case Forbidden(by=by):
                return work(msgspec.structs.replace(seat, forbidden=seat.forbidden | {by}), arguments)
            case Stray():
                return work(self._astray(kind, seat), arguments)
            case Unreachable():
                account, series = self._last_known(number, seat)
                return work(msgspec.structs.replace(seat, connected=False, account=account, series=series), arguments)
            case Short(rows=rows):
                return changed(work(seat, arguments), lambda value: cut_short(verb, value, rows))
            case WrongClock(seconds=seconds):
                outcome = work(seat, shifted_arguments(verb, arguments, seconds))
                return changed(outcome, lambda value: shifted(verb, value, seconds))
            case Answers() | Partial() | Late() | Held():
                return work(seat, arguments)
            case _:
                assert_never(kind)

    def _with_request(self, kind: AnyKind, seat: Seat, fields: list[Any], work: Step) -> Outcome | None:
        """Work a trade request as a fault has it; None where the fault is not of their kind."""
        x = self.exchange
        match kind:
            case Answers(retcode=code, worked=False, points=points):
                outcome = work(msgspec.structs.replace(seat, refused=code), fields)
                return changed(outcome, lambda said: [*said[:5], *self._requote(seat, fields, points), *said[7:]])
            case Answers(retcode=code):
                return changed(work(seat, fields), lambda said: hiding(code, said))
            case Partial(share=share):
                return work(msgspec.structs.replace(seat, share=share), fields)
            case Late(seconds=seconds, placed=placed):
                before = seat.account.frozen()
                outcome = work(seat, fields)
                self._late[seat.place, seat.login] = x.elapsed() + seconds, before
                return changed(outcome, pending) if placed else outcome
            case Held(seconds=seconds, code=code):
                heapq.heappush(self._held, (x.elapsed() + seconds, next(self._count), seat.login, fields))
                return Reply(code, TEXTS.get(code, ""), None)
            case _:
                return None

    def _requote(self, seat: Seat, fields: list[Any], points: float) -> tuple[float, float]:
        """Return a quote that lies beyond the market's, for whoever buys or sells."""
        series = seat.series.get(fields[_SYMBOL])
        if series is None or not points:
            return 0.0, 0.0
        symbol = series.setup.symbol
        away = points * symbol.point * (1.0 if fields[_TYPE] % 2 == c.ORDER_TYPE_BUY else -1.0)
        return symbol.price(series.bid + away), symbol.price(series.ask + away)

    def _astray(self, kind: Stray, seat: Seat) -> Seat:
        if kind.account in self.exchange.accounts:
            seat = msgspec.structs.replace(seat, login=kind.account, account=self.exchange.accounts[kind.account])
        return msgspec.structs.replace(seat, home=kind.path or seat.home)

    def _last_known(self, number: int, seat: Seat) -> tuple[AccountDesk, Mapping[str, Series]]:
        self._still = {key: still for key, still in self._still.items() if key[0] in self.exchange.faults.standing}
        key = (number, seat.place)
        if key not in self._still:
            self._still[key] = seat.account.frozen(), {name: s.frozen() for name, s in seat.series.items()}
        return self._still[key]


def _instead(outcome: Outcome, worked: bool, seat: Seat, arguments: list[Any], work: Step) -> Outcome:  # noqa: FBT001
    """Show another outcome, whether the call was worked or not."""
    if worked:
        work(seat, arguments)
    return outcome
