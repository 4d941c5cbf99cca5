"""Accounts with a journal to test with: a configuration, recorded bars, and a core whose every fact is written down."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import msgspec

from backtests.drive import PlainDrive
from brokers.latch import Command
from config.account import AccountConfig
from config.journal import Where
from config.load import digest, load
from market.bars import Bars
from regimes.bundle import RegimeModel
from runtime.assemble import Models, core_of, costs_of, plan_of
from runtime.clock import Clock
from runtime.core.decision import Step
from runtime.core.facts import AnyFact, LevelChanged, RunStarted
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder, decode_fact, decode_step, encode
from runtime.revive import Pair, bundles_text, hashes_of, revive
from tests.journals import edit
from tests.models import a_model
from tests.tapes import walk
from tests.venues import HOUR, MONDAY

BREAKOUT = """
[[strategies]]
name = "breakout"
use = "breakout"
symbol = "SP500"
timeframe = "H1"
risk = 0.01
params = { n = 8, expiry = 3, atr = 5, stop_atr = 3.0, trail_atr = 2.0 }
"""
REVERSION = """
[[strategies]]
name = "reversion"
use = "mean_reversion"
symbol = "SP500"
timeframe = "H1"
risk = 0.01
params = { n = 10, entry = 1.2, max_bars = 6, atr = 5, stop_atr = 3.0 }
gate = { regime = "calm-or-storm", mode = "advise", allow = [0], enter = 0.6, leave = 0.4, dwell = 2, max_age = 3 }
"""
WARM = 30


class Enough(Exception):
    """So many bars were told as the test wants."""


def a_config(folder: Path, *strategies: str, **words: str) -> AccountConfig:
    """Write the demo's configuration with these strategies, on hour bars, into a folder; replace words of it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    head, rest = text[: text.index("[[strategies]]")], text[text.index("[feed]") :]
    text = head + "\n".join(strategies or (BREAKOUT, REVERSION)) + "\n" + rest
    for old, new in ({"D1": "H1"} | words).items():
        text = text.replace(f'"{old}"', f'"{new}"')
    (folder / "account.toml").write_text(text, encoding="utf-8")
    return load(folder / "account.toml")


def a_tape(bars: int = 120, seed: int = 3) -> Bars:
    """Return hour bars of the demo's symbol."""
    return walk(WARM + bars, seed, "SP500", start=1000.0)


def models_of(config: AccountConfig, seed: int = 1) -> dict[str, RegimeModel]:
    """Return a model for each regime; none of them lies in any folder."""
    return {name: a_model(seed) for name in config.regimes}


def new_pair(config: AccountConfig, seed: int = 1) -> Pair:
    """Return a new-born core and books."""
    return core_of(plan_of(config, models_of(config, seed)), costs_of(config))


class Journaled(PlainDrive):
    """A drive whose facts go through a recorder, as a daemon's do, and which may stop in the middle."""

    def __init__(self, recorder: Recorder, bars: Bars) -> None:
        """Trade with the recorder's core after the warm-up."""
        core, books = recorder.core, recorder.books
        tapes = {(bars.symbol, bars.timeframe): bars}
        super().__init__(core, books, tapes, {}, balance=10_000.0, start=MONDAY + WARM * HOUR, warmup=WARM)
        self.recorder, self.left = recorder, -1

    def _take(self, fact: AnyFact) -> Step:
        if not self.left:
            raise Enough
        self.left -= 1
        return self.recorder.take(fact)[0]

    def go(self, facts: int = -1) -> None:
        """Play until so many facts were taken, or to the end."""
        self.left = facts
        try:
            self.run()
        except Enough:
            return


def recorder_of(
    journal: JournalWriter, config: AccountConfig, pair: Pair, seed: int = 1, models: Models | None = None
) -> Recorder:
    """Return a recorder that has begun a run with these models, or with one drawn for each regime."""
    recorder, models = Recorder(*pair, journal, Clock()), models or models_of(config, seed)
    recorder.begin({
        "run": journal.run, "started": 1, "mode": "live", "config": msgspec.json.encode(config).decode(),
        "config_hash": digest(config), "bundles": bundles_text(models), "kernel_hash": "k", "platform": "p",
        "model_hashes": msgspec.json.encode(hashes_of(models)).decode(),
        "symbols": msgspec.json.encode(pair[0].plan.symbols).decode(),
    })  # fmt: skip
    return recorder


def traded(path: Where, config: AccountConfig, facts: int = -1) -> Pair:
    """Journal a first run of an account, killed after so many facts; return core and books as they were then."""
    with JournalWriter(path) as journal:
        recorder = recorder_of(journal, config, new_pair(config))
        Journaled(recorder, a_tape()).go(facts)
        return recorder.core, recorder.books


def began_again(path: Where, config: AccountConfig, *facts: AnyFact, seed: int = 1) -> Pair:
    """Journal one more run, killed soon after it began; return core and books as they were then."""
    pair = woken(path, config, seed)
    with JournalWriter(path) as journal:
        recorder = recorder_of(journal, config, pair, seed)
        for fact in facts or opening(journal.run):
            recorder.take(fact)
    return pair


def opening(run: int) -> tuple[AnyFact, ...]:
    """Return what a daemon tells first: that it runs, and what the latch says."""
    command = Command(id=f"again-{run}", level="run", who="test", why="test", wall=0, path="daemon")
    return RunStarted(at=0, run=run), LevelChanged(at=0, command=command, generation=run + 1)


def woken(path: Where, config: AccountConfig, seed: int = 1) -> Pair:
    """Return core and books as a daemon of this configuration begins with them."""
    with JournalReader(path) as reader:
        return revive(reader, new_pair(config, seed))


def as_bytes(pair: Pair) -> tuple[bytes, bytes]:
    """Return core and books as bytes: equal where everything is."""
    return pair[0].snapshot(), pair[1].snapshot()


def lived(place: Where, kind: str, after: int = 0) -> Iterator[tuple[int, AnyFact, Step]]:
    """Yield each row of a kind of fact from a row on: its number, its fact and its step."""
    with JournalReader(place) as reader:
        for row in reader.rows(after + 1):
            if row.kind == kind:
                yield row.seq, decode_fact(row.fact), decode_step(row.step)


def put(place: Where, seq: int, fact: AnyFact, step: Step) -> None:
    """Put another fact and step in a row's place, as they are stored where nothing is packed."""
    edit(place, "UPDATE log SET fact = ?, step = ? WHERE seq = ?", encode(fact), encode(step), seq)
