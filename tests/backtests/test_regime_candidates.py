"""A candidate waits beside the model in use, with all it would have changed; it is put into use, and back again."""

import dataclasses
import datetime

from pathlib import Path

import msgspec
import pytest

from backtests.candidates import CANDIDATE, Staged, activate, gate_changes, stage
from backtests.model_place import shipped
from backtests.regime_asked import asked
from backtests.training import train_from_config
from config.account import AccountConfig
from config.errors import ConfigError
from config.load import load
from config.refits import RefitSection
from config.regime import TrainSection
from market.sp500 import read_sp500
from regimes.bundle import seal
from regimes.labels import reordered
from regimes.novelty import battery
from regimes.weights import ModelError
from runtime.assemble import models_of
from runtime.bundles import CHAMPION, promote, read_bundle, write_bundle
from tests.demos import toml

NAME = "calm-or-storm"
LATER = 1_600_000_000_000  # 2020, after all bars
SOON = 1_075_000_000_000  # January 2004, a month after the training bars


@dataclasses.dataclass(frozen=True)
class Place:
    """An account with a model in use, in a folder of the test's own."""

    config: AccountConfig
    folder: Path

    @property
    def file(self) -> Path:
        """The account's TOML."""
        return self.folder.parent / "account.toml"

    def used(self) -> str:
        """Return the fingerprint of the model in use."""
        return models_of(self.config)[NAME].fingerprint


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the demo's model once."""
    folder = tmp_path_factory.mktemp("trained")
    train_from_config(_config(folder, None))
    return folder


@pytest.fixture
def place(tmp_path: Path, trained: Path) -> Place:
    """Return the demo's account with its model, due every 126 bars."""
    model = models_of(_config(trained, None))[NAME]
    config = _config(tmp_path, RefitSection(every="126 bars", window=1256))
    write_bundle(tmp_path / "model", model)
    (tmp_path / "model" / CHAMPION).write_text(f"{model.fingerprint}\n", encoding="ascii")
    return Place(config, tmp_path / "model")


def _config(
    folder: Path, refit: RefitSection | None, last: datetime.date = datetime.date(2004, 9, 30)
) -> AccountConfig:
    file = folder / "account.toml"
    file.write_text(toml(folder / "model"), encoding="utf-8")
    config = load(file)
    data = msgspec.structs.replace(config.data["SP500"], to=last)
    regime = msgspec.structs.replace(config.regimes[NAME], refit=refit)
    return msgspec.structs.replace(config, regimes={NAME: regime}, data={"SP500": data})


def test_a_due_refit_is_staged_and_nothing_is_in_use_yet(place: Place) -> None:
    """The candidate is a bundle of its own, child of the one in use, which an alias names."""
    before = place.used()
    found = stage(place.config, NAME, LATER)

    assert found.outcome == "staged"
    assert (found.active, place.used()) == (before, before)
    candidate = read_bundle(place.folder / CANDIDATE)
    assert (candidate.fingerprint, candidate.parent) == (found.candidate, before)
    assert candidate.data.last > models_of(place.config)[NAME].data.last


def test_what_would_have_been_is_told_state_by_state_and_gate_by_gate(place: Place) -> None:
    """Profiles stand side by side; each gated strategy says on how many bars it would have stood otherwise."""
    found = stage(place.config, NAME, LATER)

    assert [row["state"] for row in found.profiles] == [0, 1]
    assert {"volatility", "volatility_new", "dwell", "dwell_new"} <= set(found.profiles[0])
    assert found.overlap is not None
    assert found.overlap > 0.8
    gated = [s.name for s in place.config.strategies if s.gate is not None]
    assert [gate.strategy for gate in found.gates] == gated
    assert all(gate.differs <= gate.bars and gate.share == gate.differs / gate.bars for gate in found.gates)


def test_the_same_model_would_have_changed_no_gate_and_its_opposite_would(place: Place) -> None:
    """With states exchanged the gates stand open where they were shut."""
    model = models_of(place.config)[NAME]
    bars = read_sp500().part(0, 1256)
    same = gate_changes(place.config, NAME, model, model, bars)
    turned = gate_changes(place.config, NAME, model, reordered(model, (1, 0)), bars)

    assert {gate.differs for gate in same} == {0}
    assert all(gate.share > 0.8 for gate in turned)


def test_bars_that_no_state_explains_are_counted_apart(place: Place) -> None:
    """By a model to which everything is novel the gate would have stood open on no bar at all."""
    model = models_of(place.config)[NAME]
    strict = msgspec.structs.replace(model, novelty=battery([1e-9] * 14 * len(model.features), hold=5000))
    regime = msgspec.structs.replace(place.config.regimes[NAME], novelty="model")
    config = msgspec.structs.replace(place.config, regimes={NAME: regime})
    found = gate_changes(config, NAME, model, strict, read_sp500().part(0, 1256))

    assert [(0, gate.bars, 0, gate.open_before) for gate in found] == [
        (gate.unknown_before, gate.unknown_after, gate.open_after, gate.differs) for gate in found
    ]


def test_what_is_not_due_is_not_trained(place: Place) -> None:
    """The moment is told; whoever does not want to wait says so."""
    found = stage(place.config, NAME, SOON)

    assert found.outcome == "not due"
    assert found.due is not None
    assert found.due > SOON
    assert not (place.folder / CANDIDATE).exists()
    assert stage(place.config, NAME, SOON, early=True).outcome == "staged"


def test_too_few_bars_for_a_span_of_bars_are_no_refit(tmp_path: Path, place: Place) -> None:
    """Nobody knows when a hundred bars that have not closed will have closed."""
    config = _config(tmp_path, RefitSection(every="126 bars"), last=datetime.date(2004, 1, 30))
    found = stage(config, NAME, LATER)

    assert (found.outcome, found.due) == ("not due", None)
    assert "too few bars" in found.reason
    assert place.used() == found.active


def test_a_candidate_is_put_into_use_and_the_old_one_back_again(place: Place) -> None:
    """Rollback is the same command with the older fingerprint, or the beginning of it."""
    before = place.used()
    candidate = stage(place.config, NAME, LATER).candidate
    done = activate(place.file, place.config, NAME)

    assert (True, candidate, before, candidate) == (done.ok, done.active, done.before, place.used())
    assert (["next start"], str(place.file.parent)) == ([one.outcome for one in done.daemons], done.looked_in)
    activate(place.file, place.config, NAME, before[:12])
    assert place.used() == before


def test_a_model_that_was_trained_into_the_cache_is_found_there(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes with the program is not written to: its models lie in the user's cache, for refits as for training."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = msgspec.structs.replace(load(shipped() / "demo.toml"), data=place.config.data)
    regime = msgspec.structs.replace(config.regimes[NAME], refit=place.config.regimes[NAME].refit)
    config = msgspec.structs.replace(config, regimes={NAME: regime})
    model = models_of(place.config)[NAME]
    folder = Path(asked(config, NAME).section.model)
    write_bundle(folder, model)
    promote(folder, model.fingerprint)

    found = stage(config, NAME, LATER, early=True)
    used = activate(shipped() / "demo.toml", config, NAME)

    assert ("staged", model.fingerprint) == (found.outcome, used.before)
    assert (tmp_path / "cache", found.candidate) == (folder.parents[3], used.active)


def test_a_refit_that_is_turned_away_leaves_everything_as_it_was(place: Place) -> None:
    """On bars that carry no model the one in use stays, and the reason is told."""
    regime = msgspec.structs.replace(place.config.regimes[NAME], refit=RefitSection(every="1 day", window=250))
    data = msgspec.structs.replace(place.config.data["SP500"], from_=datetime.date(2004, 8, 1))
    config = msgspec.structs.replace(place.config, regimes={NAME: regime}, data={"SP500": data})
    found = stage(config, NAME, LATER)

    assert found == Staged(regime=NAME, outcome="kept", reason=found.reason, active=place.used(), due=found.due)
    assert "no model could be trained" in found.reason
    assert not (place.folder / CANDIDATE).exists()


def test_a_model_that_the_next_start_would_refuse_is_not_put_into_use(place: Place) -> None:
    """Where no daemon runs nobody else asks: the account would not begin any more, and be told so then."""
    before = models_of(place.config)[NAME]
    data = msgspec.structs.replace(before.data, symbol="GOLD")
    other = seal(msgspec.structs.replace(before, data=data))
    write_bundle(place.folder, other)

    with pytest.raises(ModelError, match=r"has learnt from GOLD, and regimes\.calm-or-storm reads SP500"):
        activate(place.file, place.config, NAME, other.fingerprint)
    assert before == models_of(place.config)[NAME]


def test_what_is_not_there_is_not_put_into_use(place: Place) -> None:
    """No candidate, no such model, no such regime: each is said, and nothing changes."""
    before = place.used()
    for start, problem in (("", "no candidate waits in"), ("ffff0000", "begins with"), ("", "refit")):
        with pytest.raises(ModelError, match=problem):
            activate(place.file, place.config, NAME, start)
    with pytest.raises(ConfigError, match="no regime"):
        activate(place.file, place.config, "other")

    assert place.used() == before


@pytest.mark.parametrize(("bars", "takes"), [(1300, True), (None, False)])
def test_what_is_trained_from_nothing_takes_no_place_in_which_states_mean_something_else(
    place: Place,
    bars: int | None,
    takes: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Whoever trains anew is held against the model in use as a refit is: the lists of allowed states are its own."""
    before, stored = place.used(), sorted(place.folder.iterdir())
    regime = msgspec.structs.replace(place.config.regimes[NAME], train=TrainSection(bars=bars))
    all_bars = msgspec.structs.replace(place.config.data["SP500"], to=None)
    config = msgspec.structs.replace(place.config, regimes={NAME: regime}, data={"SP500": all_bars})

    if takes:
        assert train_from_config(config)[NAME]["fingerprint"] == place.used() != before
        return
    with pytest.raises(ModelError, match=r"they would mean something else.* name another folder"):
        train_from_config(config)
    assert (before, stored) == (place.used(), sorted(place.folder.iterdir()))
