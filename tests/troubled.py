"""A troubled half-year of an account: what can go wrong goes wrong once, on a day that is written down here.

The trade server goes on only when both the daemon and this story's hand are done with a day, so that hand, operator and
crash come when that day's decisions are made, always in the same order.
"""

import datetime
import itertools
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import SETUP_FILE, ServerSetup
from market.types import DAY_MS
from runtime.operator import latch
from tests.demos import Demo, toml
from tests.oracle import table

BARS = 62
LAST = "2004-03-30"
"""The day on which the daemon is stopped, a position open."""
HAND, OTHER = "terminals/hand", "terminals/other"
"""Where the hand's own terminal is, and that of nobody, which is done with days on which no daemon is there."""

LANES = """
[[strategies]]
name = "vetoed"
use = "tests.scripted_days:ScriptedDays"
symbol = "SP500"
timeframe = "D1"
risk = 0.01

[strategies.params.script]
{vetoed}

[strategies.gate]
regime = "calm-or-storm"
mode = "enforce"
allow = [1]
enter = 0.6
leave = 0.4

[[strategies]]
name = "main"
use = "tests.scripted_days:ScriptedDays"
symbol = "SP500"
timeframe = "D1"
risk = 0.01

[strategies.params.script]
{main}

[[strategies]]
name = "beside"
use = "tests.scripted_days:ScriptedDays"
symbol = "SP500"
timeframe = "D1"
risk = 0.01

[strategies.params.script]
{beside}
"""

BUY, SELL, LEAVE = "side = 1", "side = -1", "side = 0"
VETOED = {f"2004-01-{day:02}": f"{BUY}, stop = 30.0, bars = 15" for day in range(5, 31)}
"""A wish on every day of a month: one trade, had the gate not been shut."""
MAIN = {
    "2004-01-05": f"{BUY}, stop = 25.0, target = 20.0",  # a person takes a part, and drags its stop; then its target
    "2004-01-23": f"{BUY}, stop = 12.0",  # its stop
    "2004-01-29": f"{BUY}, stop = 30.0",
    "2004-02-06": LEAVE,
    "2004-02-09": f"{BUY}, stop = 20.0",  # the venue refuses
    "2004-02-10": f"{SELL}, stop = 30.0, bars = 3",  # crash: the order was worked
    "2004-02-19": f"{BUY}, stop = 30.0",  # crash: the order never came
    "2004-02-26": f"{BUY}, stop = 20.0",  # close-only
    "2004-03-01": f"{BUY}, stop = 40.0",  # a person closes it
    "2004-03-09": f"{BUY}, stop = 60.0",  # stopped out
    "2004-03-12": f"{BUY}, stop = 500.0",  # no money for the smallest lot
    "2004-03-22": f"{SELL}, stop = 40.0",  # open when it ends
}
BESIDE = {
    "2004-01-06": f"{BUY}, stop = 20.0, kind = 'limit', away = 40.0",  # collar
    "2004-01-07": f"{BUY}, stop = 4.0",  # volume, value and margin
    "2004-01-08": f"{BUY}, stop = 20.0, kind = 'limit', away = 21.0, expiry = 20",  # rests; taken back by a halt
    "2004-01-15": f"{BUY}, stop = 20.0",  # halt
    "2004-01-27": f"{BUY}, stop = 20.0",  # positions: ours and a stranger's
    "2004-01-28": f"{BUY}, stop = 20.0",  # missed: the daemon was away
    "2004-02-04": f"{BUY}, stop = 30.0, target = 25.0",  # filled in part
    "2004-02-25": f"{BUY}, stop = 30.0",
    "2004-02-26": LEAVE,  # in close-only
    "2004-03-11": f"{BUY}, stop = 3.0",  # margin
}

SETTINGS: dict[str, Any] = {
    "warmup": 300, "max_volume": 200.0, "max_value": 150000.0, "max_positions": 2, "max_margin": 0.15,
    "commission": 0.05,
}  # fmt: skip
CLIENT = """
[client]
name = "Ann Example"
fee = 0.20
crystallise = "month"

"""


def set_up(folder: Path, model: Path) -> Demo:
    """Write the account down: its strategies' scripts, tight limits, nights that cost, and a fee."""
    lanes = {"vetoed": VETOED, "main": MAIN, "beside": BESIDE}
    written = {name: "\n".join(f"{day} = {{ {wish} }}" for day, wish in days.items()) for name, days in lanes.items()}
    text = toml(model, strategies=LANES.format(**written), **SETTINGS)
    text = text.replace("swap = false", 'swap = { by = "money", long = -0.11, short = -0.07 }', 1)
    demo = Demo.set_up(folder, text.replace("[regimes.", f"{CLIENT}[regimes.", 1), bars=BARS)
    setup = msgspec.json.decode((demo.home / SETUP_FILE).read_bytes(), type=ServerSetup)
    (demo.home / SETUP_FILE).write_bytes(msgspec.json.encode(msgspec.structs.replace(setup, quorum=2)))
    return demo


class Story:
    """The account at its server, and everybody who does something to it."""

    def __init__(self, demo: Demo) -> None:
        """Begin server and daemon, and open the hand's terminal."""
        self.demo = demo
        demo.begin()
        assert m.initialize(str(demo.home / HAND)), m.last_error()
        assert m.symbol_select("SP500"), m.last_error()

    @property
    def at(self) -> int:
        """Where recorded time stands."""
        return int(self._clock()["at"])

    @staticmethod
    def _clock() -> dict[str, Any]:
        told = control.state()
        assert told is not None, m.last_error()
        return told

    def settled(self) -> None:
        """Wait until the daemon has decided all that it can know, and nothing is on its way."""
        at = self.at
        self.demo.until(lambda: self._is_settled(at), every_s=0.02)

    def _is_settled(self, at: int) -> bool:
        told = self.demo.status()
        return (
            told.get("link") == "up" and int(told["at"]) >= at and not told["in_doubt"]
            and not latch.sending(self.demo.state)
        )  # fmt: skip

    def live(self) -> None:
        """Live day by day to the end of the bars."""
        day = ""
        while day < LAST:
            self.settled()
            time.sleep(0.05)  # for orders that were decided just now
            day = datetime.datetime.fromtimestamp(self.at / 1000, datetime.UTC).date().isoformat()
            for deed in DEEDS.get(day, ()):
                deed(self)
                self.settled()
            self.go_on()
            if day in CRASHES:
                self.crash()
        self.settled()
        m.shutdown()
        self.demo.stop()
        said = {row["who"] for row in table(self.demo.journal, "commands")}
        assert "tidegate" not in said, "a latch was being written for longer than it may be: record again"

    def go_on(self) -> None:
        """Be done with this day, and wait until the daemon is."""
        at = self.at
        control.done(at)
        self.demo.until(lambda: self.at != at, every_s=0.01)

    # --- deeds ------------------------------------------------------------------------------------------------------

    def hand(self, **request: Any) -> Any:  # noqa: ANN401 - the package's
        """Trade by hand; return what the server said."""
        result: Any = control.hand("client", symbol="SP500", type_filling=m.ORDER_FILLING_IOC, **request)
        assert result, m.last_error()
        assert m.TRADE_RETCODE_DONE == result[0], result
        return result

    def buys(self, volume: float) -> None:
        """Open a position that is none of ours."""
        self.hand(action=m.TRADE_ACTION_DEAL, volume=volume, type=m.ORDER_TYPE_BUY)

    def closes(self, lots: float, *, ours: bool = True) -> None:
        """Close so many lots of the oldest position, at most all of it."""
        p = self._open(ours=ours)
        self.hand(action=m.TRADE_ACTION_DEAL, position=p.ticket, volume=min(lots, p.volume), type=1 - p.type)

    def drags(self, distance: float) -> None:
        """Move the stop of our oldest position this far from its entry."""
        p = self._open(ours=True)
        self.hand(action=m.TRADE_ACTION_SLTP, position=p.ticket, sl=p.price_open - distance, tp=p.tp)

    @staticmethod
    def _open(*, ours: bool) -> Any:  # noqa: ANN401 - the package's
        positions: Any = m.positions_get()
        return next(p for p in positions if bool(p.magic) == ours)

    def pays(self, amount: float, flow: str = "balance", comment: str = "") -> None:
        """Let money come or go."""
        assert control.happen("flowed", login=self.demo.config.account.login, amount=amount, flow=flow, comment=comment)

    def ruins(self, left: float) -> None:
        """Take out all but so much of the equity."""
        account: Any = m.account_info()
        self.pays(round(left - account.equity, 2), comment="withdrawal")

    @staticmethod
    def strikes(kind: str, **how: Any) -> None:  # noqa: ANN401 - fields of the fault
        """Let the next order go wrong."""
        assert control.fault(kind, verbs=("send",), **how), m.last_error()

    def says(self, word: str, reason: str) -> None:
        """Say something as the operator."""
        self.demo.tidegate(word, "--reason", reason)

    def begins_anew(self) -> None:
        """End the daemon, and begin it anew: it looks at the venue."""
        self.demo.stop()
        self.demo.start()

    def is_away(self) -> None:
        """End the daemon, let two days pass, and begin it anew: it was not there when the first of them closed."""
        self.demo.stop()
        days = [self.at, self.at + DAY_MS]
        for at, place in itertools.product(days, (OTHER, HAND)):
            assert m.initialize(str(self.demo.home / place)), m.last_error()
            control.done(at)
        assert self.at == days[-1] + DAY_MS
        self.demo.start()

    def crash(self) -> None:
        """Kill worker and daemon while an order is on its way, and begin the daemon anew."""
        self.demo.until(lambda: latch.sending(self.demo.state))
        time.sleep(0.1)
        self.demo.kill("worker", "daemon")
        self.demo.start()


Deed = Callable[[Story], None]

DEEDS: dict[str, tuple[Deed, ...]] = {
    "2004-01-09": (lambda s: s.closes(10.0),),
    "2004-01-12": (lambda s: s.drags(60.0), lambda s: s.buys(30.0), lambda s: s.begins_anew()),
    "2004-01-14": (lambda s: s.says("halt", "the feed looks odd"),),
    "2004-01-21": (lambda s: s.says("resume", "the feed is fine"),),
    "2004-01-28": (lambda s: s.is_away(),),
    "2004-02-03": (lambda s: s.closes(30.0, ours=False), lambda s: s.begins_anew()),
    "2004-02-04": (lambda s: s.strikes("partial", share=0.5),),
    "2004-02-05": (lambda s: s.pays(25_000.0, comment="deposit"),),
    "2004-02-06": (lambda s: s.pays(120.5, "dividend"), lambda s: s.pays(-35.0, "charge", "data feed")),
    "2004-02-09": (lambda s: s.strikes("answers", retcode=m.TRADE_RETCODE_REJECT),),
    "2004-02-10": (lambda s: s.strikes("silent", worked=True),),
    "2004-02-12": (lambda s: s.pays(500.0, "credit"),),
    "2004-02-19": (lambda s: s.strikes("silent", worked=False),),
    "2004-02-26": (lambda s: s.says("close-only", "month's end"),),
    "2004-03-01": (lambda s: s.says("resume", "a new month"),),
    "2004-03-04": (lambda s: s.closes(1000.0),),
    "2004-03-08": (lambda s: s.pays(-500.0, "credit"), lambda s: s.pays(-4.2, "monthly commission")),
    "2004-03-11": (lambda s: s.ruins(800.0),),
    "2004-03-15": (lambda s: s.pays(80_000.0, comment="deposit"),),
    "2004-03-18": (lambda s: s.pays(-250.0, comment="fee"),),
}
"""What is done on a day, when that day's decisions are made."""
CRASHES = {"2004-02-10", "2004-02-19"}
"""Days whose wishes are on their way when the daemon dies."""


def live(demo: Demo) -> None:
    """Have an account live its story to the end."""
    Story(demo).live()
