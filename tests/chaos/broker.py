"""The trade server in this process: the look-alike's own exchange and verbs, behind a door at which faults strike.

Faults lie between the exchange and the terminal: the exchange's books are the truth the oracle knows. What is made but
not shown yet is kept back in `shown.py`; what becomes of a trade request is `dealing.py`'s.
"""

from pathlib import Path
from typing import Any

from brokers.costs import Costs
from brokers.mt5.lookalike.distortions import shifted, shifted_arguments
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.outcomes import Reply
from brokers.mt5.lookalike.service import Service
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from tests.chaos.back import back
from tests.chaos.dealing import Dealing
from tests.chaos.door import LOGIN, Asked, Cut
from tests.chaos.hands import ACTS, AWAY, Others, by_a_stranger, by_hand
from tests.chaos.points import OF_THE_BUS
from tests.chaos.shown import Shown
from tests.chaos.story import HISTORY, SPECS, Story, Strike
from tests.trade_server import HOUR, START

OTHER, PASSWORD = 8, "demo"
COSTS = Costs(commission=2.0)


class Broker:
    """One account at one trade server."""

    def __init__(self, story: Story, folder: Path, world: Any) -> None:  # noqa: ANN401 - a World
        self.story, self.world, self.folder = story, world, folder
        symbols = tuple(SymbolSetup(symbol=SPECS[name], timeframe="H1", costs=COSTS) for name in story.symbols)
        ours = AccountSetup(login=LOGIN, password=PASSWORD, margin_mode="netting" if story.netting else "hedging")
        accounts = (ours, AccountSetup(login=OTHER, password="sesame"))
        (folder / "ledger.jsonl").unlink(missing_ok=True)
        write_setup(folder, ServerSetup(accounts=accounts, symbols=symbols, start=START + HISTORY * HOUR), story.bars)
        self.exchange = Exchange(folder)
        self.service = Service(self.exchange, folder)
        self.quiet = False
        self.shown = Shown(world, lockstep=story.lockstep)
        self.dealing = Dealing(self)
        self.down_until = self.failing_until = -1.0
        self.broken = False
        self.bar = 0
        self.others = Others()

    @property
    def down(self) -> bool:
        """The terminal does not run."""
        return bool(self.world.loop.now < self.down_until)

    @property
    def keeps_back(self) -> bool:
        """Something was done that the terminal does not show yet."""
        return self.shown.hidden() > 0

    @property
    def asked(self) -> list[Asked]:
        """What has come to the door of trade requests."""
        return self.dealing.asked

    # --- the truth --------------------------------------------------------------------------------------------------

    @property
    def desk(self) -> Any:  # noqa: ANN401 - an AccountDesk
        """Our account's own books."""
        return self.exchange.accounts[LOGIN]

    @property
    def venue(self) -> Any:  # noqa: ANN401 - a Venue
        """Our account's venue."""
        return self.desk.venue

    @property
    def ended(self) -> bool:
        """The recording is over."""
        return self.exchange.replay.ended

    def close(self) -> None:
        """Let go of the folder."""
        self.exchange.close()

    def work(self, verb: str, *arguments: Any) -> Reply:  # noqa: ANN401 - a verb's own
        """Have the exchange work a call."""
        return self._work(verb, list(arguments))

    def _work(self, verb: str, arguments: list[Any]) -> Reply:
        outcome = self.service.answer("", verb, arguments)
        assert isinstance(outcome, Reply), outcome
        return outcome

    # --- the door ---------------------------------------------------------------------------------------------------

    def call(self, verb: str, arguments: list[Any]) -> tuple[int, str, Any]:
        """Answer a terminal's call by the clock it is shown; Cut and Blocked where its line shows something else."""
        ahead_s = self.world.dial.ahead_s
        if not ahead_s:
            return self._answer(verb, arguments)
        code, text, value = self._answer(verb, shifted_arguments(verb, arguments, ahead_s))
        return code, text, None if value is None else shifted(verb, value, ahead_s)

    def _answer(self, verb: str, arguments: list[Any]) -> tuple[int, str, Any]:
        now = self.world.loop.now
        if now < self.down_until or (now < self.shown.away_until and verb in {"login", "send"}):
            raise Cut(sent=False)
        if verb == "send":
            return self.dealing.send(arguments)
        if verb == "done" and self._would_move(arguments[0]):
            if self.quiet and not back(self.world):
                self.world.slow_s = 0.5  # recorded time waits for whoever comes back
                return self._seen("state", self.work("state"))
            told = self.work(verb, *arguments)
            self.world.moved()
            return self._seen(verb, told)
        if now < self.failing_until and verb in {"positions", "orders", "history_deals", "history_orders"}:
            return -1, "Terminal: Call failed", None
        self.world.reading(verb)
        return self._seen(verb, self._work(verb, arguments))

    def _would_move(self, at: int) -> bool:
        replay = self.exchange.replay
        return bool(self.story.lockstep and at == replay.at and not replay.ended)

    def _seen(self, verb: str, told: Reply) -> tuple[int, str, Any]:
        value = told.value if told.value is None else self.shown.seen(verb, told.value, OTHER)
        return told.code, told.text, value

    # --- the moments ------------------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Play a bar."""
        self.exchange.go_on()
        self.world.moved()

    def strike_moment(self, strike: Strike) -> None:  # noqa: C901, PLR0912 - a table
        """Let something happen at the server or its terminal."""
        now, seconds = self.world.loop.now, strike.seconds
        self.world.struck_by(strike.fault, f"after bar {self.bar}")
        match strike.fault:
            case "account switched":
                self.work("login", OTHER, "sesame", None)
                self.world.loop.call_later(seconds, self.work, "login", LOGIN, PASSWORD, None)
            case "foreign frame":
                self.shown.foreign_until = now + min(seconds, 0.3)
            case "history late":
                self.shown.late_until = now + seconds
            case "bars revised":
                self.shown.revised_until = now + seconds
            case "reads fail":
                self.failing_until = now + seconds
            case "terminal restart":
                self.down_until, self.broken = now + seconds, True
            case "unreachable":
                self.shown.away_until = now + 2.0 * seconds
            case "spec changed":
                self.shown.changed.add(self.story.symbols[0])
                self.broken = True
            case "server restarted":
                self._restart(seconds)
            case "wrong clock":
                self.world.dial.put(strike)
            case "by hand":
                self._by_hand(strike.pick)
            case "foreign trade":
                self._by_a_stranger(strike.pick)
            case fault if fault in OF_THE_BUS:
                self.world.bus.strike(strike)
            case _:
                self.world.tell("which the operator's words are about")

    def _restart(self, seconds: float) -> None:
        """Let the server die and rise from its record: what it told before must be what it tells after."""
        before = self._told()
        self.exchange.close()
        self.exchange = self.world.variant.exchange(self.folder)
        self.service = Service(self.exchange, self.folder)
        self.down_until, self.broken = self.world.loop.now + seconds, True
        if self._told() != before:
            self.world.wrong.append(f"restart: the server told {before} before, and {self._told()} after")

    def _told(self) -> tuple[object, ...]:
        deals = [(deal.ticket, deal.money) for deal in self.venue.deals]
        return self.exchange.replay.at, self.venue.balance, self.venue.positions(), self.venue.orders(), deals

    def _by_hand(self, pick: int) -> None:
        """Let a person act on a position, if there is one."""
        positions = self.venue.positions()
        if positions:
            p = positions[pick % len(positions)]
            act = pick // 7 % len(ACTS)
            request = by_hand(act, p, SPECS[p.symbol])
            if request is not None:
                self.world.tell(f"by hand: {ACTS[act]} {p.ticket}")
                self.world.touched.add(p.ticket)
                if act == AWAY and p.ticket not in self.others.all:
                    self.world.bare.take(p.ticket)
                self.work("send", *request)
                self.world.bare.changed()

    def _by_a_stranger(self, pick: int) -> None:
        """Let somebody else trade on our account."""
        symbol = self.story.symbols[pick // 24 % len(self.story.symbols)]
        now = self.exchange.series[symbol]
        told = self.work("send", *by_a_stranger(pick, symbol, now.bid, now.ask))
        self.world.tell(f"a stranger: {told.value}")
        self.others.come(told.value[2], symbol, self.world.loop.now)

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.quiet = True
        self.down_until = self.failing_until = self.dealing.off_until = -1.0
        self.broken = self.broken or bool(self.shown.changed)
        self.shown.calm()
        self.world.dial.calm()
        self.work("login", LOGIN, PASSWORD, None)
