"""A model is put into use in a running daemon: its next closed bar is judged by it, as in a backtest and a replay."""

import json
import shutil

from pathlib import Path

import msgspec

from backtests.drive import PlainDrive
from backtests.recorded import tapes_of, trading_start
from backtests.reel import Reel
from backtests.replay import replay
from regimes.bundle import RegimeModel
from runtime.assemble import bundle_path, core_of, costs_of, plan_of
from runtime.bundles import read_bundle, write_bundle
from runtime.core.facts import ModelActivated
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact
from tests.compare import journaled, unlike
from tests.demos import Demo, MakeDemo, toml
from tests.models import refitted
from tests.oracle import table

NAME = "calm-or-storm"
BARS = 900
REFUSED = 11


class Exchanged(PlainDrive):
    """A backtest in whose middle the model changes as it did in a journal."""

    fact: ModelActivated | None

    def _tell_closed(self, at: int, opened: list[Reel]) -> None:
        if self.fact is not None and at > self.fact.at:
            self._handle(self.fact)
            self.fact = None
        super()._tell_closed(at, opened)


def own_store(model: Path, folder: Path) -> tuple[Path, RegimeModel, RegimeModel]:
    """Return a copy of a store, its model in use, and one beside it that sees the calm state where the storm was."""
    store = shutil.copytree(model, folder / "store")
    old = read_bundle(bundle_path(store))
    transitions = ((0.7, 0.3), (0.4, 0.6))
    new = refitted(old, transitions=transitions)
    write_bundle(store, new)
    return store, old, new


def exchanged(demo: Demo, model: RegimeModel) -> Exchanged:
    """Return the backtest of an account that began with a model, and changed it when its daemon did."""
    config = demo.config
    core, books = core_of(plan_of(config, {NAME: model}), costs_of(config))
    tapes = tapes_of(config)
    start = trading_start(config, tapes)
    tapes = {key: tape.part(0, len(tape.between(0, start)) + BARS) for key, tape in tapes.items()}
    drive = Exchanged(
        core, books, tapes, costs_of(config), balance=config.account.balance, start=start, warmup=config.feed.warmup
    )  # fmt: skip
    with JournalReader(demo.journal) as reader:
        facts = [decode_fact(row.fact) for row in reader.rows() if row.kind == "ModelActivated"]
    drive.fact = next(fact for fact in facts if isinstance(fact, ModelActivated))
    return drive


def test_a_running_daemon_judges_its_next_bar_by_the_new_model(
    make_demo: MakeDemo, model: Path, tmp_path: Path
) -> None:
    """Told through its socket, without a restart; live, backtest and replay agree in every bit."""
    store, old, new = own_store(model, tmp_path)
    demo = make_demo(store, bars=BARS)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(40)
    said = json.loads(demo.tidegate("regimes activate", NAME, new.fingerprint[:12], "--reason", "a test", "--json"))
    demo.end()
    models = [decision.model for decision in journaled(demo.journal)[0]]
    changed = models.index(new.fingerprint)

    assert (True, new.fingerprint, old.fingerprint) == (said["ok"], said["active"], said["before"])
    assert [("demo", "next bar")] == [(one["account"], one["outcome"]) for one in said["daemons"]]
    assert ({old.fingerprint}, {new.fingerprint}) == (set(models[:changed]), set(models[changed:]))
    assert 80 <= changed < len(models) - 2  # two strategies decide each bar
    assert [] == unlike(demo.journal, exchanged(demo, old).run())
    assert BARS * 2 == replay(demo.journal).decisions
    assert [("activate", NAME, "a test", 1)] == [
        (row["command"], row["scope"], row["why"], row["accepted"])
        for row in table(demo.journal, "commands") if row["command"] == "activate"
    ]  # fmt: skip


def test_two_accounts_that_share_a_model_are_each_told_and_one_that_does_not_run_takes_it_later(
    make_demo: MakeDemo, model: Path, tmp_path: Path
) -> None:
    """A neighbour's daemon is told through its own socket; what runs no daemon reads the alias at its start."""
    store, old, new = own_store(model, tmp_path)
    demo = make_demo(store, bars=None)
    demo.begin()
    other = demo.file.with_name("other.toml")
    text = toml(store).replace('name = "demo"', 'name = "other"').replace("login = 7001", "login = 7002")
    other.write_text(text.replace('state = "state"', f'state = "{tmp_path / "elsewhere"}"'), encoding="utf-8")
    demo.until_bar(10)
    said = json.loads(demo.tidegate("regimes activate", NAME, new.fingerprint[:12], "--json", account=other))
    demo.stop()

    assert [("other", "next start"), ("demo", "next bar")] == [
        (one["account"], one["outcome"]) for one in said["daemons"]
    ]
    assert {old.fingerprint, new.fingerprint} == {decision.model for decision in journaled(demo.journal)[0]}


def test_a_model_that_a_daemon_refuses_is_not_put_into_use(make_demo: MakeDemo, model: Path, tmp_path: Path) -> None:
    """Exit code 11 with its reason: the file means another model by now. The alias stays, and the daemon goes on."""
    store, old, _ = own_store(model, tmp_path)
    other = msgspec.structs.replace(old, data=msgspec.structs.replace(old.data, detector="jump"))
    jump = write_bundle(store, other).name
    demo = make_demo(store, bars=None)
    demo.begin()
    demo.until_bar(10)
    words = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(words.replace("states = 2\n", 'states = 2\ndetector = "jump"\n', 1), encoding="utf-8")
    said = demo.tidegate("regimes activate", NAME, jump, code=REFUSED)
    demo.stop()

    assert "refused by demo: model" in said
    assert "has detector jump, the one in use hmm" in said
    assert old == read_bundle(bundle_path(store))
    assert {old.fingerprint} == {decision.model for decision in journaled(demo.journal)[0]}
