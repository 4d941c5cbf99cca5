"""Models as a daemon finds them: one that cannot be read keeps no account from running, a wrong configuration does."""

from pathlib import Path

import msgspec
import pytest

from backtests.replay import replay
from config.account import AccountConfig
from regimes.bundle import PARTS, RegimeModel, seal
from regimes.weights import ModelError
from runtime.assemble import core_of, costs_of, found_models, models_of, plan_of
from runtime.bundles import CHAMPION, promote, write_bundle
from runtime.core.facts import RunStarted
from runtime.core.plan import NoModel
from runtime.doctor_models import UNSAID, ages_of, models_told
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.revive import Pair, pair_of_run, revive
from tests import journaled
from tests.journaled import REVERSION, Journaled, a_config, a_tape, as_bytes
from tests.models import FEATURE_LIST, a_model

NAME = "calm-or-storm"
GONE = NoModel("the disk is gone")


@pytest.fixture
def config(tmp_path: Path) -> AccountConfig:
    """Return an account whose model lies in its place."""
    config = a_config(tmp_path, REVERSION.replace("advise", "enforce"))
    features = tuple((name, *params) for name, params in FEATURE_LIST)
    regime = msgspec.structs.replace(config.regimes[NAME], features=features)
    promote(Path(regime.model), write_bundle(Path(regime.model), a_model()).name)
    return msgspec.structs.replace(config, regimes={NAME: regime})


def bundle(config: AccountConfig) -> Path:
    """Return the folder of the account's champion."""
    store = Path(config.regimes[NAME].model)
    return store / (store / CHAMPION).read_text(encoding="ascii").split()[0]


def why(config: AccountConfig) -> str:
    """Return why the account's regime has no model; empty where it has one."""
    found = found_models(config)[NAME]
    return found.why if isinstance(found, NoModel) else ""


def test_a_model_in_its_place_is_found(config: AccountConfig) -> None:
    """As a backtest reads it."""
    assert models_of(config) == found_models(config)


@pytest.mark.parametrize("part", ["MANIFEST.json", *PARTS])
@pytest.mark.parametrize("damage", ["cut", "changed", "garbage", "empty", "gone", "a folder"])
def test_a_damaged_bundle_is_no_model_and_says_what_is_wrong(config: AccountConfig, part: str, damage: str) -> None:
    """Whatever a disk has done to any of its files; a backtest refuses it with the same words."""
    file = bundle(config) / part
    raw = file.read_bytes()
    file.unlink()
    match damage:
        case "cut":
            file.write_bytes(raw[: len(raw) // 2])
        case "changed":
            file.write_bytes(raw[:20] + bytes([raw[20] ^ 1]) + raw[21:])
        case "garbage":
            file.write_bytes(b"\xff\x00" * 100)
        case "empty":
            file.write_bytes(b"")
        case "a folder":
            file.mkdir()
        case _:
            pass
    said = why(config)

    assert part in said or "the bundle has no" in said
    with pytest.raises(ModelError) as refusal:
        models_of(config)
    assert str(refusal.value).endswith(said)


def test_a_model_that_was_trained_before_novelty_was_is_used_and_the_doctor_says_so(config: AccountConfig) -> None:
    """Nothing is novel to it where its own limits are to judge; it has to be trained again."""
    section = config.regimes[NAME]
    by = {
        novelty: models_told(
            msgspec.structs.replace(config, regimes={NAME: msgspec.structs.replace(section, novelty=novelty)})
        )
        for novelty in ("model", "e-process", "off")
    }
    plain = f"{NAME} {a_model().fingerprint[:12]} ({UNSAID})"

    assert by == {
        "model": f"{plain} (has no limits of novelty, so nothing is novel to it: train it again)",
        "e-process": plain,
        "off": plain,
    }


@pytest.mark.parametrize(
    ("alias", "expected"), [("", "names no bundle"), ("0" * 64, "nothing at"), ("x\0y", "names no bundle")]
)
def test_a_damaged_alias_is_no_model(config: AccountConfig, alias: str, expected: str) -> None:
    """It points at nothing, or at what is not there."""
    (Path(config.regimes[NAME].model) / CHAMPION).write_text(alias, encoding="ascii")

    assert expected in why(config)


def test_a_place_that_was_never_filled_is_no_model(tmp_path: Path) -> None:
    """The reason names the place, and what to do."""
    config = a_config(tmp_path)

    assert f"nothing at {config.regimes[NAME].model}: train a model" in why(config)


def test_a_configuration_that_means_another_model_is_refused(config: AccountConfig) -> None:
    """Its author is there to mend it: nothing is begun with features or states that were not trained."""
    other = msgspec.structs.replace(config.regimes[NAME], features=(("log_return",),))
    kin = msgspec.structs.replace(config.strategies[0].gate, lineage="bull-or-bear")  # type: ignore[type-var]  # it has one
    strategy = msgspec.structs.replace(config.strategies[0], gate=kin)

    with pytest.raises(ModelError, match="trained with features"):
        found_models(msgspec.structs.replace(config, regimes={NAME: other}))
    with pytest.raises(ModelError, match="of lineage test"):
        plan_of(msgspec.structs.replace(config, strategies=(strategy,)), found_models(config))


@pytest.mark.parametrize(
    ("learnt", "words", "said"),
    [
        ({"timeframe": "H1"}, {}, "bars of H1, not bars of D1"),
        ({"timeframe": "D1"}, {"day": "UTC", "made_of": "H1"}, "bars of D1, not bars of D1 made of H1, days by UTC"),
        ({"timeframe": "D1", "made": "H1, days by UTC"}, {}, "bars of D1 made of H1, days by UTC, not bars of D1"),
        ({"timeframe": "D1", "made": "H1, days by UTC"}, {"day": "UTC", "made_of": "H1"}, ""),
        ({}, {"timeframe": "H1"}, ""),
    ],
)
def test_a_model_of_other_bars_is_refused(
    config: AccountConfig, learnt: dict[str, str], words: dict[str, str], said: str
) -> None:
    """Its features have the same names, and mean something else; a model that does not say its bars is taken."""
    data = msgspec.structs.replace(a_model().data, **learnt)
    regime = msgspec.structs.replace(config.regimes[NAME], **({"timeframe": "D1"} | words))
    place = Path(regime.model)
    promote(place, write_bundle(place, seal(msgspec.structs.replace(a_model(), data=data))).name)
    config = msgspec.structs.replace(config, regimes={NAME: regime})

    if not said:
        assert data == models_of(config)[NAME].data
        return
    with pytest.raises(ModelError, match=f"trained on {said}, as regimes.{NAME} reads: train it anew"):
        found_models(config)


@pytest.mark.parametrize(
    ("learnt", "meant", "taken"),
    [
        ("EURUSD", "", False), ("EURUSD", "GBPUSD", False), ("EURUSD", "EURUSD", True),
        ("SP500", "", True), ("SP500", "EURUSD", True), ("", "", True),
    ],
)  # fmt: skip
def test_a_model_of_another_symbol_is_refused_unless_it_is_meant(
    config: AccountConfig,
    learnt: str,
    meant: str,
    taken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Its features have the same names, and another market's states; one that does not say its symbol is taken."""
    data = msgspec.structs.replace(a_model().data, symbol=learnt)
    regime = msgspec.structs.replace(config.regimes[NAME], learnt_from=meant)
    place = Path(regime.model)
    promote(place, write_bundle(place, seal(msgspec.structs.replace(a_model(), data=data))).name)
    config = msgspec.structs.replace(config, regimes={NAME: regime})

    if taken:
        assert data == models_of(config)[NAME].data
        return
    with pytest.raises(
        ModelError, match=f"has learnt from EURUSD, and regimes.{NAME} reads SP500: train one on "
    ) as no:
        found_models(config)
    assert f'or say learnt_from = "EURUSD" in regimes.{NAME} if that is meant' in str(no.value)


@pytest.mark.parametrize(("learnt", "told"), [("SP500", ""), ("", f" ({UNSAID})")])
def test_the_doctor_says_that_a_model_does_not_say_its_symbol(config: AccountConfig, learnt: str, told: str) -> None:
    """One that was trained before this was kept gates on, and nobody knows whether it is of this market."""
    model = seal(msgspec.structs.replace(a_model(), data=msgspec.structs.replace(a_model().data, symbol=learnt)))
    regime = msgspec.structs.replace(config.regimes[NAME], novelty="off")
    promote(Path(regime.model), write_bundle(Path(regime.model), model).name)

    assert f"{NAME} {model.fingerprint[:12]}{told}" == models_told(
        msgspec.structs.replace(config, regimes={NAME: regime})
    )


def test_the_doctor_says_what_is_missing_and_what_it_means(config: AccountConfig) -> None:
    """A model that is missing is a fault to mend, though the daemon runs."""
    whole = models_told(config)
    (bundle(config) / "model.json").unlink()
    aged = msgspec.structs.replace(config.regimes[NAME], max_model_age="1 day")

    assert f"{NAME} {a_model().fingerprint[:12]} ({UNSAID})" == whole
    with pytest.raises(
        ValueError, match=r"no model: .*model\.json is missing.*no entry through meanwhile, exits go on"
    ):
        models_told(config)
    assert f"{NAME} has no model" == ages_of(msgspec.structs.replace(config, regimes={NAME: aged}), 1 << 42)


# --- journal, replay, restart -----------------------------------------------------------------------------------------


def woken(path: Path, config: AccountConfig, model: RegimeModel | NoModel) -> Pair:
    """Return core and books as a daemon that found this model begins with them."""
    with JournalReader(path) as reader:
        return revive(reader, core_of(plan_of(config, {NAME: model}), costs_of(config)))


def begun(path: Path, config: AccountConfig, model: RegimeModel | NoModel, facts: int = -1) -> Pair:
    """Journal one run more of an account that found this model; the first trades, those after it die at once."""
    with JournalWriter(path) as journal:
        pair = woken(path, config, model)
        recorder = journaled.recorder_of(journal, config, pair, models={NAME: model})
        if journal.run == 1:
            Journaled(recorder, a_tape()).go(facts)
        else:
            recorder.take(RunStarted(at=0, run=journal.run))
    return pair


@pytest.mark.parametrize("facts", [1, 40, 133, -1])
def test_a_run_without_a_model_is_replayed_bit_for_bit(tmp_path: Path, config: AccountConfig, facts: int) -> None:
    """Why there was none stands in the run's row: the place is not looked at again."""
    path = tmp_path / "journal.sqlite"
    was = as_bytes(begun(path, config, GONE, facts))
    with JournalReader(path) as reader:
        core, _ = pair_of_run(reader.runs()[0])

    assert "no model: the disk is gone" == core.lanes[0].gate_reason
    assert 1 == replay(path).runs
    assert was == as_bytes(woken(path, config, GONE))


def test_a_model_that_is_there_again_is_another_make_and_so_is_another_reason(
    tmp_path: Path, config: AccountConfig
) -> None:
    """What is held is carried over each time, features and regimes are learnt anew, and all of it replays."""
    path = tmp_path / "journal.sqlite"
    found = [begun(path, config, m, 120) for m in (a_model(), GONE, NoModel("a part is missing"), a_model())]
    said = [core.lanes[0].gate_reason for core, _ in found]

    assert ["no model: the disk is gone", "no model: a part is missing", "no regime bar yet"] == said[1:]
    assert [True, 0] == [found[0][0].readings[0].bars > 0, found[3][0].readings[0].bars]
    assert {found[0][0].ledger.balance} == {core.ledger.balance for core, _ in found}
    assert 4 == replay(path).runs
