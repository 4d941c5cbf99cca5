"""What a living daemon does about losses between two bars, and about a position whose stop the venue refuses."""

from pathlib import Path
from typing import Any

import brokers.mt5.lookalike as m

from brokers.facts import BarClosed, Rejected, WorthSeen
from brokers.mt5.lookalike import control
from config.drawdown import DrawdownSection
from runtime.core.facts import AdoptionAsked
from runtime.operator.keyboard import asker_of
from tests.cores import a_lane, a_plan
from tests.daemons import Living, lived, ticking_server, wrong
from tests.trade_server import attended

OLD = 77


def bought(lots: float, stop: float = 0.0) -> int:
    """Buy gold by hand; return the position."""
    result: Any = m.order_send({
        "action": m.TRADE_ACTION_DEAL, "symbol": "GOLD", "volume": lots, "type": m.ORDER_TYPE_BUY, "sl": stop,
        "magic": OLD, "type_filling": m.ORDER_FILLING_IOC,
    })  # fmt: skip
    assert m.TRADE_RETCODE_DONE == result.retcode, result
    return int(result.order)


def test_a_loss_between_two_bars_is_held_by_the_poll_that_shows_it(tmp_path: Path) -> None:
    """Gold falls half a dollar a second, of five lots that somebody holds: no bar closes, and nobody looks."""
    folder = ticking_server(tmp_path / "broker", falls=0.05)
    rule = DrawdownSection(preset="static", initial=100_000.0, daily=0.005, total=0.5)

    async def act(living: Living) -> None:
        await living.ready()
        bought(5.0)
        await living.until(lambda: living.daemon.ledger.foreign)
        living.daemon.next_look += 3_600.0
        await living.until(lambda: "LOSS_LIMIT" in living.holds)

    with attended(folder):
        living = lived(folder, tmp_path, act, plan=a_plan(a_lane({}), drawdown=rule))
    seen = living.told(WorthSeen)[-1]

    assert not [fact for fact in living.told(BarClosed) if fact.phase == "live"]
    assert 99_000.0 < seen.worth <= 99_500.0
    assert living.daemon.ledger.at - seen.at < 1_000


def test_a_position_whose_stop_is_refused_is_closed_after_its_time(tmp_path: Path) -> None:
    """A hand takes the stop away, the venue refuses another; a second later the position is left, once it may be."""
    folder = ticking_server(tmp_path / "broker")

    async def act(living: Living) -> None:
        await living.ready()
        position = bought(0.1, 1000.0)
        await living.until(lambda: living.daemon.ledger.foreign)
        living.daemon.ask(AdoptionAsked(at=0, asker=asker_of("a test"), magic=OLD, strategy="lane1", quiet_ms=0))
        await living.until(lambda: living.daemon.core.lanes[0].trade)
        number = wrong("answers", "send", retcode=10006, times=0)
        result: Any = m.order_send({"action": m.TRADE_ACTION_SLTP, "position": position, "symbol": "GOLD", "sl": 0.0})
        assert m.TRADE_RETCODE_DONE == result.retcode, result
        await living.until(lambda: any("lose" in order.verb for order in living.daemon.ledger.orders.values()))
        assert control.mend(number)
        await living.until(lambda: living.daemon.core.lanes[0].trade is None)

    with attended(folder):
        living = lived(folder, tmp_path, act, plan=a_plan(a_lane({}), unguarded_s=1.0))

    assert living.told(Rejected)
    assert not m.positions_get()
