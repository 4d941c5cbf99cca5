"""What becomes of a trade request at the trade server: it is worked, once, or struck by a fault."""

import contextlib

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.structs import TradeRequest, names_of
from tests.chaos.door import LOGIN, Asked, Cut
from tests.chaos.points import OF_A_MOMENT, Blocked, Killed, WorkerKilled
from tests.chaos.shown import COMMISSION, POSITION, PROFIT
from tests.chaos.story import SPECS, Strike

NEVER = 4_900_000_000
"""Tickets from here on are claimed only."""
_VOLUME = names_of(TradeRequest).index("volume")


class Dealing:
    """The desk at which trade requests are worked."""

    def __init__(self, broker: Any) -> None:  # noqa: ANN401 - a Broker
        self.broker, self.world = broker, broker.world
        self.asked: list[Asked] = []
        self.strikes = {strike.at: strike for strike in broker.story.strikes if strike.fault not in OF_A_MOMENT}
        """By the number of the request."""
        self.off_until = -1.0
        """Until then AutoTrading is off."""

    def send(self, fields: list[Any]) -> tuple[int, str, Any]:
        """Answer a request as it comes to the door."""
        world = self.world
        asked = Asked(
            world.sending,
            fields,
            world.loop.now,
            world.latch(),
            world.sending in world.disk.sent,
            world.bus.unheard_s(),
            world.by_person,
        )
        self.asked.append(asked)
        world.dial.asked(asked)
        world.hook("server: before work")
        strike = self.strikes.get(len(self.asked)) if not self.broker.quiet else None
        if world.loop.now < self.off_until:
            return self._refuse(asked, 10027)
        if strike is None:
            return self._works(asked)
        world.struck_by(strike.fault, f"request {len(self.asked)}")
        return self._strike(asked, strike)

    def _works(self, asked: Asked) -> tuple[int, str, Any]:
        """Work a request, once."""
        assert not asked.worked, "the world itself must not work a request twice"
        asked.worked, asked.elsewhere = True, self.broker.exchange.terminal("").login != LOGIN
        before = len(self.broker.desk.deals)
        told = self.broker.work("send", *asked.fields)
        asked.result = told.value
        if self.world.loop.now < self.broker.shown.late_until:
            for row in self.broker.desk.deals[before:]:
                self.broker.shown.late[row[0]] = self.broker.shown.late_until
        self.world.worked(asked)
        return told.code, told.text, told.value

    def _refuse(self, asked: Asked, code: int) -> tuple[int, str, Any]:
        asked.result = [code, 0, 0, 0.0, 0.0, 0.0, 0.0, "refused", 1, 0]
        return 1, "", asked.result

    def _later(self, asked: Asked, seconds: float) -> None:
        """Work a request later, whoever is alive then."""
        self.world.loop.call_later(seconds, self._lands, asked)

    def _lands(self, asked: Asked) -> None:
        with contextlib.suppress(Killed, WorkerKilled):
            self._works(asked)

    def _strike(self, asked: Asked, strike: Strike) -> tuple[int, str, Any]:  # noqa: C901, PLR0911, PLR0912 - a table
        fault, seconds, settle = strike.fault, strike.seconds, self.world.settle_s
        match fault:
            case "silent":
                raise Blocked
            case "silent, worked":
                self._works(asked)
                raise Blocked
            case "slow":
                self.world.slow_s = min(seconds, 0.7)
                return self._works(asked)
            case "slow, too late":
                self.world.slow_s = 1.2 + seconds
                return self._works(asked)
            case "held":
                self._later(asked, min(seconds, settle - 0.2))
                raise Blocked
            case "held beyond the window":
                self._later(asked, settle + 1.5 + 3.0 * seconds)
                raise Blocked
            case "broken pipe":
                raise Cut(sent=False)
            case "broken pipe, worked":
                self._works(asked)
                raise Cut(sent=True)
            case "None, worked":
                self._works(asked)
                return -10005, "IPC timeout", None
            case "None, not worked":
                return -10005, "IPC timeout", None
            case "no pipe":
                self.broker.broken = True
                return -10004, "No IPC connection", None
            case "10012, worked" | "10031, worked":
                code = int(fault[:5])
                self._works(asked)
                return 1, "", [code, 0, 0, 0.0, 0.0, 0.0, 0.0, "Request timeout", 1, 0]
            case "placed, deal late":
                return self._placed(asked, seconds)
            case "done, not worked":
                return self._claimed(asked)
            case "requote":
                return self._refuse(asked, 10004)
            case "partial fill":
                return self._partly(asked)
            case "price off":
                return self._refuse(asked, 10021)
            case "market closed":
                return self._refuse(asked, 10018)
            case "AutoTrading off":
                self.off_until = self.world.loop.now + seconds
                return self._refuse(asked, 10027) if strike.pick % 2 else (-8, "AutoTrading disabled", None)
            case _:
                raise AssertionError(fault)

    def _placed(self, asked: Asked, seconds: float) -> tuple[int, str, Any]:
        """Say PLACED; the deal, its position and its money show later, the order rests until then."""
        answer = self._works(asked)
        code, deal, order, *_ = answer[2]
        if code != c.TRADE_RETCODE_DONE or not deal:
            return answer
        row = next(row for row in self.broker.desk.deals if row[0] == deal)
        money, position = row[PROFIT] + row[COMMISSION], row[POSITION]
        record = next(past for past in self.broker.desk.past if past.ticket == order)
        until = self.world.loop.now + seconds
        shown = record.row(0.0)
        entry = asked.request.position == 0
        self.broker.shown.kept[order] = (until, shown, position if entry else -1, money)
        return 1, "", [c.TRADE_RETCODE_PLACED, 0, order, asked.request.volume, 0.0, 0.0, 0.0, "Placed", 1, 0]

    def _claimed(self, asked: Asked) -> tuple[int, str, Any]:
        """Say DONE, by tickets that nobody will ever see, and do nothing."""
        r, ticket = asked.request, NEVER + len(self.asked)
        deal = ticket if r.action == c.TRADE_ACTION_DEAL else 0
        asked.result = [c.TRADE_RETCODE_DONE, deal, ticket, r.volume, 0.0, 0.0, 0.0, "Request executed", 1, 0]
        return 1, "", asked.result

    def _partly(self, asked: Asked) -> tuple[int, str, Any]:
        """Fill a part of a market order and drop the rest; anything else is worked as it is."""
        r = asked.request
        spec = SPECS.get(r.symbol)
        if r.action != c.TRADE_ACTION_DEAL or spec is None or r.volume < 2 * spec.volume_min:
            return self._works(asked)
        part = spec.lots(r.volume / 2)
        asked.fields = [*asked.fields[:_VOLUME], part, *asked.fields[_VOLUME + 1 :]]
        code, text, value = self._works(asked)
        if value[0] == c.TRADE_RETCODE_DONE:
            value = [c.TRADE_RETCODE_DONE_PARTIAL, *value[1:]]
        return code, text, value
