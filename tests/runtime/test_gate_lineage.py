"""A strategy's allow-list means the states of one lineage: models of another, or with other states, are refused."""

from pathlib import Path

import msgspec
import pytest

from config.account import AccountConfig
from regimes.novelty import battery, e_process
from regimes.weights import ModelError
from runtime.assemble import check_kin, plan_of
from runtime.core.plan import novelty_by
from tests.journaled import REVERSION, a_config
from tests.models import a_model


def gated(folder: Path, **gate: object) -> AccountConfig:
    """Return the demo's account with one strategy behind a gate; fields of the gate may be changed."""
    config = a_config(folder, REVERSION)
    (strategy,) = config.strategies
    changed = msgspec.structs.replace(strategy, gate=msgspec.structs.replace(strategy.gate, **gate))  # type: ignore[type-var]  # it has one
    return msgspec.structs.replace(config, strategies=(changed,))


@pytest.mark.parametrize("lineage", ["", "calm-or-storm"])
def test_a_model_of_the_lineage_named_is_taken(tmp_path: Path, lineage: str) -> None:
    """And one of any, where none is named."""
    config = gated(tmp_path, lineage=lineage)

    assert "calm-or-storm" == plan_of(config, {"calm-or-storm": a_model(lineage="calm-or-storm")}).strategies[0].regime


def test_a_model_of_another_lineage_is_refused_with_what_to_edit(tmp_path: Path) -> None:
    """The same number of states may mean something else."""
    config = gated(tmp_path, lineage="calm-or-storm")

    with pytest.raises(ModelError, match=r"of lineage bull-or-bear, .*edit .*gate\.allow and .*gate\.lineage"):
        plan_of(config, {"calm-or-storm": a_model(lineage="bull-or-bear")})


@pytest.mark.parametrize(
    ("gate", "states"), [({"allow": (2,)}, 2), ({"exposure": {"weights": [1.0, 0.0]}}, 3)], ids=["allow", "exposure"]
)
def test_a_model_with_other_states_is_refused_with_what_to_edit(
    tmp_path: Path, gate: dict[str, object], states: int
) -> None:
    """Ordinals and weights that were written for another number of states are not guessed at."""
    (section,) = gated(tmp_path).strategies
    assert section.gate is not None
    document = msgspec.to_builtins(section.gate) | gate
    section = msgspec.structs.replace(section, gate=msgspec.convert(document, type(section.gate)))

    with pytest.raises(ModelError, match=rf"has {states} states, .*edit .*gate\.allow and its exposure"):
        check_kin(section, a_model(states=states))


def test_a_gate_that_is_off_is_bound_to_nothing(tmp_path: Path) -> None:
    """It lets everything through, whatever the model is."""
    (section,) = gated(tmp_path, mode="off", lineage="calm-or-storm").strategies

    check_kin(section, a_model(lineage="bull-or-bear"))


@pytest.mark.parametrize("limits", [(), battery([9.0] * 28)], ids=["without limits", "with limits"])
def test_a_regime_says_by_which_rule_its_bars_are_novel(tmp_path: Path, limits: tuple[float, ...]) -> None:
    """The model's own limits, where it has any; a rule that needs none; or nobody looks: now and of later models."""
    config, model = a_config(tmp_path), msgspec.structs.replace(a_model(), novelty=limits)
    rules = []
    for said in ("model", "e-process", "off"):
        section = msgspec.structs.replace(config.regimes["calm-or-storm"], novelty=said)
        account = msgspec.structs.replace(config, regimes={"calm-or-storm": section})
        (regime,) = plan_of(account, {"calm-or-storm": model}).regimes
        rules.append((regime.novelty, regime.watch))

    assert [(limits, "model"), (e_process(2), "e-process"), ((), "off")] == rules
    assert [limits, e_process(2), ()] == [novelty_by(watch, model) for _, watch in rules]
