"""Bringing a core back from its journal: byte for byte, from any place, and across changed configurations."""

from pathlib import Path

import msgspec
import pytest

from backtests.replay import replay
from brokers.facts import BarClosed, DealMade, LinkUp, Rejected
from config.errors import ConfigError
from regimes.bundle import seal
from regimes.weights import ModelError
from runtime.assemble import core_of, costs_of, plan_of
from runtime.core.core import Core
from runtime.core.facts import PositionDropped, RunStarted
from runtime.core.instructions import Asker, ClosePosition, Submit
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.revive import carry, pair_of_run
from strategies.exits import HELD
from tests.chaos_world import COSTS
from tests.cores import a_lane, a_plan, an_account, buy, closed, hour, level, reconciled
from tests.journaled import (
    BREAKOUT,
    REVERSION,
    Journaled,
    a_config,
    a_tape,
    as_bytes,
    began_again,
    models_of,
    new_pair,
    recorder_of,
    traded,
    woken,
)
from tests.journals import ask, edit
from tests.told import Told, of_kind, position_of

LAZY = BREAKOUT.replace("risk = 0.01", "risk = 0.005")
OTHER = BREAKOUT.replace("n = 8", "n = 9")
ANN = Asker(id="ann-1", who="ann", why="keep it", wall=1)


def bare(path: Path) -> Path:
    """Take the snapshots out of a journal: nothing is left but the facts."""
    edit(path, "DELETE FROM snapshots WHERE seq > ?", 0)
    return path


def holding(path: Path, folder: Path, *strategies: str) -> int:
    """Return after how many facts the breakout holds a position: journals of that length are cut off in a trade.

    None is left at the path.
    """
    config = a_config(folder, *strategies)
    for facts in range(60, 400, 7):
        core, _ = traded(path, config, facts)
        path.unlink()
        if core.lanes[0].trade is not None and not core.lanes[0].trade.closing:
            return facts
    raise AssertionError("the breakout never held a position")


@pytest.mark.parametrize("facts", [0, 1, 2, 5, 40, 41, 90, 133, -1])
def test_a_core_comes_back_byte_for_byte(tmp_path: Path, facts: int) -> None:
    """Killed after any fact: snapshot and later facts make what it was, and so do all facts alone."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    was = as_bytes(traded(path, config, facts))

    assert was == as_bytes(woken(path, config))
    assert was == as_bytes(woken(bare(path), config))


def test_snapshots_on_the_way_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of many snapshots and the facts behind it, or the facts alone: the same bytes."""
    monkeypatch.setattr("runtime.recorder.SNAPSHOT_EVERY", 20)
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    was = as_bytes(traded(path, config, 155))
    snapshots = len(ask(path, "SELECT seq FROM snapshots"))

    assert (8, was) == (snapshots, as_bytes(woken(path, config)))
    assert was == as_bytes(woken(bare(path), config))


def test_an_empty_journal_gives_the_new_born(tmp_path: Path) -> None:
    """Nothing was written yet: nothing is brought back."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    traded(path, config, 0)
    edit(path, "DELETE FROM runs WHERE run > ?", 0)
    edit(bare(path), "DELETE FROM log WHERE seq > ?", 0)

    assert as_bytes(new_pair(config)) == as_bytes(woken(path, config))


def test_the_journal_alone_can_build_its_cores(tmp_path: Path) -> None:
    """Configuration, contracts and models stand in the run's row: no model folder is read."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    traded(path, config, 5)
    with JournalReader(path) as reader:
        core, _ = pair_of_run(reader.runs()[0])

    assert not Path(config.regimes["calm-or-storm"].model).exists()
    assert new_pair(config)[0].plan.config == core.plan.config
    assert models_of(config)["calm-or-storm"] == core.plan.regimes[0].model
    assert as_bytes(new_pair(config))[0] == core.snapshot()


# --- changed configurations -------------------------------------------------------------------------------------------


def test_a_changed_configuration_keeps_trades_orders_and_money(tmp_path: Path) -> None:
    """Another risk, another order of strategies: what is held is held by the same names, and no loss is forgotten."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    before, books = traded(path, a_config(tmp_path / "a"), facts)
    after, carried = woken(path, a_config(tmp_path / "a", REVERSION, LAZY))
    old, new = before.ledger, after.ledger
    trade, was = after.lanes[1].trade, before.lanes[0].trade

    assert trade is not None
    assert was is not None
    assert (2, was.position, was.volume, was.stop) == (trade.strategy, trade.position, trade.volume, trade.stop)
    assert (old.balance, old.last_deal, old.day, old.day_equity, old.quotes) == (
        *(new.balance, new.last_deal, new.day, new.day_equity, new.quotes),
    )
    assert {ident: o.verb for ident, o in old.orders.items()} == {ident: o.verb for ident, o in new.orders.items()}
    assert books.live == carried.live


def test_history_that_a_changed_account_is_told_again_moves_nothing_that_it_holds(tmp_path: Path) -> None:
    """Features are learnt from it anew; a trade has lived through it already, or was not there yet."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    before, _ = traded(path, a_config(tmp_path / "a"), facts)
    after, _ = woken(path, a_config(tmp_path / "a", LAZY, REVERSION))
    (lane, _), (feed, *_) = after.lanes, before.feeds.values()
    trade, bars = lane.trade, feed.known
    assert trade is not None
    assert feed.key == (lane.plan.symbol, lane.plan.timeframe)
    was = list(trade.exit)
    wild = [msgspec.structs.replace(bar, high=2.0 * bar.high, low=0.5 * bar.low) for bar in bars]
    later = msgspec.structs.replace(bars[-1], time=bars[-1].time + feed.timeframe_ms)
    stood = []
    for bar in (*wild, later):
        told = BarClosed(at=bar.time + feed.timeframe_ms, bar=bar, bid=bar.close, ask=bar.close, phase="warm")
        after.handle(told)
        stood.append(list(trade.exit))

    assert [was] * len(wild) == stood[:-1]
    assert was[HELD] + 1.0 == stood[-1][HELD]


def test_history_that_is_told_again_is_no_news_to_a_strategy_that_remembers_it() -> None:
    """What it has counted of its bars it does not count twice; what closed while nobody listened it hears of."""
    lane = a_lane({})
    told = Told(a_plan(lane))
    told.tell(*(closed(n) for n in range(3, 9)))
    changed = Core(a_plan(msgspec.structs.replace(lane, risk=0.005)))
    carry((told.core, Books(told.core, COSTS)), (changed, Books(changed, COSTS)))
    counted = []
    for n in range(-20, 11):
        changed.handle(closed(n, phase="warm"))
        counted.append(changed.lanes[0].runner.state["bars"])

    assert [9] * 29 + [10, 11] == counted
    ahead = Core(changed.plan)
    carry((told.core, Books(told.core, COSTS)), (ahead, Books(ahead, COSTS)))
    ahead.handle(closed(8))
    assert 10 == ahead.lanes[0].runner.state["bars"]  # a clock that was wrong told it before: what is live is decided


@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize("changed", ["features", "bits"])
def test_what_is_held_outlives_a_program_that_computes_the_old_model_otherwise(
    tmp_path: Path,
    changed: str,
    snapshots: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Tidegate, Python or the processor is another: the run's model is refused by now, whoever trained a new one."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    config = a_config(tmp_path / "a")
    (name, model), *_ = models_of(config).items()
    other = msgspec.structs.replace(model.golden, log_densities=tuple(x + 1e-9 for x in model.golden.log_densities))
    words = {"feature_list": "f" * 64} if changed == "features" else {"golden": other}
    models = {name: seal(msgspec.structs.replace(model, **words))}
    with JournalWriter(path) as journal:
        recorder = recorder_of(journal, config, core_of(plan_of(config, models), costs_of(config)), models=models)
        Journaled(recorder, a_tape()).go(facts)
        held = recorder.core.lanes[0].trade
    after, _ = woken(path if snapshots else bare(path), config)
    trade = after.lanes[0].trade

    assert held is not None
    assert trade is not None
    assert (held.position, held.volume, held.stop) == (trade.position, trade.volume, trade.stop)
    assert ([0], model.fingerprint) == ([r.bars for r in after.readings], after.readings[0].model.fingerprint)
    with pytest.raises(ModelError):
        replay(path)


@pytest.mark.parametrize("gone", ["strategy", "symbol"])
def test_a_configuration_without_a_home_for_a_trade_is_refused(tmp_path: Path, gone: str) -> None:
    """A position nobody would look after must be closed before its strategy is taken out."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    traded(path, a_config(tmp_path / "a"), facts)
    words = {"breakout": "other"} if gone == "strategy" else {}
    renamed = BREAKOUT.replace('name = "breakout"', 'name = "other"')
    config = a_config(tmp_path / "a", *([renamed, REVERSION] if words else [REVERSION]))

    with pytest.raises(ConfigError, match="breakout on SP500 still holds a position or an order"):
        woken(path, config)


@pytest.mark.parametrize("facts_of_second", [1, 2])
def test_a_changed_account_killed_soon_after_comes_back_whole(tmp_path: Path, facts_of_second: int) -> None:
    """The second run is of another configuration and dies at once: what it had carried over is not lost."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    traded(path, a_config(tmp_path / "a"), facts)
    second = a_config(tmp_path / "a", LAZY, REVERSION)
    was = began_again(path, second, *[RunStarted(at=0, run=2)] * facts_of_second)
    wanted = as_bytes(was)
    found, alone = woken(path, second), woken(bare(path), second)

    assert found[0].lanes[0].trade is not None
    assert wanted == as_bytes(found)
    assert wanted == as_bytes(alone)


def test_changes_upon_changes_come_back_whole(tmp_path: Path) -> None:
    """Four runs of three configurations, each killed: from the last snapshot or from the very first fact, the same."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    first, second = a_config(tmp_path / "a"), a_config(tmp_path / "b", LAZY, REVERSION)
    third = a_config(tmp_path / "c", REVERSION, OTHER)
    traded(path, first, facts)
    began_again(path, second)
    began_again(path, third)
    was = as_bytes(began_again(path, first))
    found = [as_bytes(woken(path, first)), as_bytes(woken(bare(path), first))]

    assert [was, was] == found
    assert 4 == replay(path).runs


def test_another_model_is_another_make_though_the_configuration_is_the_same(tmp_path: Path) -> None:
    """The champion was replaced: posteriors of the old model are not fed into the new one, trades are kept."""
    path = tmp_path / "journal.sqlite"
    facts = holding(path, tmp_path / "a")
    config = a_config(tmp_path / "a")
    before, _ = traded(path, config, facts)
    after, _ = woken(path, config, seed=2)
    was = as_bytes(began_again(path, config, seed=2))

    assert (0, True) == (after.readings[0].bars, before.readings[0].bars > 0)
    assert after.lanes[0].trade is not None
    assert was == as_bytes(woken(path, config, seed=2))
    assert 2 == replay(path).runs


@pytest.mark.parametrize("hold", ["MISSING:SP500", "CONTRACT"])
def test_a_hold_outlives_a_changed_configuration_that_does_not_explain_it(tmp_path: Path, hold: str) -> None:
    """Editing a number in a file is not the way to trade on while an order is missing, or a clock is wrong."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    traded(path, config, 60)
    pair = woken(path, config)
    pair[0].ledger.holds[hold] = "nobody knows yet"
    other = carry(pair, new_pair(a_config(tmp_path, LAZY, REVERSION)))

    assert hold in other[0].ledger.holds


def test_what_a_person_leaves_open_outlives_a_changed_configuration_amid_a_flatten() -> None:
    """The flatten goes on with what waits for its market to open, and without what was dropped."""
    lanes = a_lane({3: buy()}), a_lane({3: buy()}, 2)
    told = Told(a_plan(*lanes))
    deals = [told.deal(wish, "in", 100.1) for wish in of_kind(told.tell(closed(3)), Submit)]
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals))
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    told.tell(*(Rejected(at=hour(4), id=wish.id, code=10018, reason="market closed") for wish in wishes))
    told.tell(PositionDropped(at=hour(4), asker=ANN, position=wishes[0].position))
    changed = Told(a_plan(*(msgspec.structs.replace(lane, risk=0.005) for lane in lanes)), opened=False)
    carry((told.core, Books(told.core, COSTS)), (changed.core, Books(changed.core, COSTS)))
    there = reconciled(told.balance, *(position_of(deal) for deal in deals), at=hour(4))
    started = changed.tell(level("flatten", hour(4)), LinkUp(at=hour(4), account=an_account()), there, closed(4))

    assert [deal.position for deal in deals] == [wish.position for wish in wishes]
    assert [deals[1].position] == [wish.position for wish in of_kind(started, ClosePosition)]


@pytest.mark.parametrize("digits", [2, 3])
def test_a_contract_that_was_taken_outlives_a_configuration_that_says_the_same_of_it(
    tmp_path: Path, digits: int
) -> None:
    """A person's word stands until the file itself names another contract."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    traded(path, config, 60)
    pair = woken(path, config)
    before = pair[0].plan.symbols["SP500"]
    pair[0].ledger.acknowledged["SP500"] = msgspec.structs.replace(before, contract_size=7.0)
    new = new_pair(a_config(tmp_path, LAZY, REVERSION))
    named = msgspec.structs.replace(before, digits=digits)
    new[0].plan = msgspec.structs.replace(new[0].plan, symbols={"SP500": named})
    new[0].decider.plan = new[0].plan
    other = carry(pair, new)[0]

    assert (7.0 if named == before else before.contract_size) == other.decider.contracts["SP500"].contract
    assert (named == before) is ("SP500" in other.ledger.acknowledged)
