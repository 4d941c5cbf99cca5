"""The TOML of an account: what the demo and a new account say, and what becomes of paths and digests."""

import tomllib

from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.made import DayRule, FrameRule
from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from config.load import account_of, digest, load, parse
from config.making import strategies_of
from config.new_account import account_text, demo_text, write_account
from config.places import find, state_folder
from market.features import feature_of
from regimes.learnt import Member
from regimes.shut import flat_policy
from strategies.mean_reversion import MeanReversion
from strategies.sizing import AnySizing, ByKelly, ByLots, ByRisk, ByVolatility
from strategies.trend import Trend


def demo(folder: Path = Path("/accounts")) -> AccountConfig:
    """Return the demo's configuration as if it lay in a folder."""
    return parse(demo_text(), folder=folder, name="demo.toml")


def changed(path: str, value: object) -> AccountConfig:
    """Return the demo's configuration with one value of its TOML changed."""
    document = tomllib.loads(demo_text())
    *tables, last = path.split("/")
    table: Any = document
    for key in tables:
        table = table[int(key)] if key.isdigit() else table[key]
    table[last] = value
    return account_of(document, folder=Path("/accounts"))


def test_the_demo_trades_both_strategies_in_the_calm_regime_only() -> None:
    """The packaged demo says what the handbook promises of it."""
    config = demo()

    assert [("trend", "trend"), ("reversion", "mean_reversion")] == [(s.name, s.use) for s in config.strategies]
    assert [0.01, 0.01] == [s.risk for s in config.strategies]
    assert [("calm-or-storm", "enforce", (0,))] * 2 == [
        (s.gate.regime, s.gate.mode, s.gate.allow) for s in config.strategies if s.gate
    ]
    assert (100_000.0, "USD", 20) == (config.account.balance, config.account.currency, config.account.leverage)


def test_the_demo_trades_no_bar_its_model_learnt_from() -> None:
    """The warm-up is exactly as long as the training."""
    config = demo()

    assert config.regimes["calm-or-storm"].train.bars == config.feed.warmup


def test_the_demo_names_features_and_strategies_there_are() -> None:
    """Everything the demo names can be made."""
    config = demo()

    assert (Trend(), MeanReversion()) == strategies_of(config)
    assert ["log_return", "garman_klass"] == [
        feature_of(ref).name for ref in config.regimes["calm-or-storm"].feature_refs
    ]


def test_relative_paths_are_meant_from_the_folder_of_the_toml(tmp_path: Path) -> None:
    """Where a command is called does not matter."""
    config = demo(tmp_path)

    assert str(tmp_path / "state") == config.account.state
    assert str(tmp_path / "terminal") == config.terminal.path
    assert str(tmp_path / "models" / "calm-or-storm") == config.regimes["calm-or-storm"].model
    assert str(tmp_path) == config.folder


def test_paths_with_a_root_of_their_own_stay() -> None:
    """An absolute path is taken as it is, and so is a Windows one under Wine."""
    inside_wine = "C:/Program Files/MetaTrader 5/terminal64.exe"

    assert "/srv/state" == changed("account/state", "/srv/state").account.state
    assert inside_wine == changed("terminal/path", inside_wine).terminal.path


def test_the_digest_does_not_change_when_the_folder_moves() -> None:
    """The same TOML elsewhere decides the same."""
    assert digest(demo(Path("/here"))) == digest(demo(Path("/elsewhere/deep")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("strategies/0/risk", 0.02),
        ("strategies/0/params/fast", 21),
        ("limits/max_spread", 99.0),
        ("strategies/1/gate/allow", [0, 1]),
        ("symbols/SP500/costs/swap", True),
        ("account/mode", "paper"),
    ],
)
def test_the_digest_changes_with_whatever_decides(path: str, value: object) -> None:
    """Two configurations that may decide differently are told apart."""
    assert digest(demo()) != digest(changed(path, value))


def test_the_digest_leaves_out_where_a_secret_is_kept() -> None:
    """Moving a password to another place is not another configuration."""
    assert digest(demo()) == digest(changed("terminal/password", {"env": "DEMO_PASSWORD"}))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"by": "risk"}, ByRisk()),
        ({"by": "lots", "lots": 1}, ByLots(lots=1.0)),
        ({"by": "volatility", "target": 0.01}, ByVolatility(target=0.01)),
        ({"by": "kelly", "part": 0.5, "payoff": 2}, ByKelly(part=0.5, payoff=2.0)),
    ],
)
def test_a_strategy_says_by_which_rule_it_is_sized(said: dict[str, object], expected: AnySizing) -> None:
    """A table that names its rule and what that needs; the demo names none, and goes by the risk."""
    assert ByRisk() == demo().strategies[0].size
    assert expected == changed("strategies/0/size", said).strategies[0].size


@pytest.mark.parametrize("said", [{"by": "guess"}, {"by": "lots"}, {"by": "kelly", "part": 2.0}, {"lots": 1.0}])
def test_a_rule_of_size_that_is_none_is_refused(said: dict[str, object]) -> None:
    """Another name, one that lacks what it needs, more than all of Kelly's share, or no name: none is guessed at."""
    with pytest.raises(ConfigError, match=r"strategies\[0\]\.size"):
        changed("strategies/0/size", said)


def test_whole_numbers_do_for_numbers() -> None:
    """Nobody has to write 50.0, and the digest does not see the difference."""
    config = changed("symbols/SP500/costs/spread", 50)

    assert digest(demo()) == digest(config)
    assert isinstance(config.symbols["SP500"].costs.spread, float)


def test_a_configuration_survives_the_journal() -> None:
    """What a run writes down can be read back as the very same value."""
    config = demo()

    assert config == msgspec.json.decode(msgspec.json.encode(config), type=AccountConfig)


def test_the_document_it_is_made_of_is_left_as_it_was() -> None:
    """Reading a document twice gives the same account."""
    document = tomllib.loads(demo_text())

    first, second = (account_of(document, folder=Path("/accounts")) for _ in range(2))

    assert first == second
    assert tomllib.loads(demo_text()) == document


@pytest.mark.parametrize("kind", ["metatrader5", "lookalike"])
def test_a_new_account_observes_and_has_no_password_in_it(kind: Any) -> None:  # noqa: ANN401 - a literal
    """Whoever begins with the template can send nothing by accident."""
    config = parse(account_text("client-7", kind=kind), folder=Path("/accounts"))

    assert ("client-7", "observe", False) == (config.account.name, config.account.mode, config.account.allow_real)
    assert kind == config.terminal.kind


def test_a_new_account_can_be_named_after_anybody(tmp_path: Path) -> None:
    """Quotes, backslashes and line ends in a person's name stay in the name."""
    user = 'Ann "the\\hand"\nO\'Neill $5 ${name}'

    config = write_account(tmp_path / "a.toml", account_text("a", user=user))

    assert user == config.account.user
    assert config == load(tmp_path / "a.toml")


def test_a_new_account_never_overwrites_one(tmp_path: Path) -> None:
    """The second `new-account` of a name is refused and changes nothing."""
    write_account(tmp_path / "a.toml", account_text("a"))

    with pytest.raises(UsageError, match="exists"):
        write_account(tmp_path / "a.toml", account_text("a", login=2))

    assert 1 == load(tmp_path / "a.toml").account.login


@pytest.mark.parametrize("name", ["", "a b", "../a", "a/b", "a.b", "-a", "a\n", "x" * 64])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    """An account's name never leads out of the state folder."""
    with pytest.raises(UsageError, match="letters, digits"):
        account_text(name)
    with pytest.raises(ConfigError, match=r"account\.name: expected"):
        changed("account/name", name)


def test_an_account_is_found_by_toml_state_folder_or_journal(tmp_path: Path) -> None:
    """However a person names an account, the same journal is meant."""
    file = tmp_path / "demo.toml"
    file.write_text(demo_text(), encoding="utf-8")
    (tmp_path / "state").mkdir()
    expected = tmp_path / "state" / "journal.sqlite"

    assert [expected] * 3 == [find(str(f)).journal for f in (file, tmp_path / "state", expected)]


def test_an_account_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without a state folder of its own has one under the user's."""
    monkeypatch.setattr("platformdirs.user_state_path", lambda _name: tmp_path)
    (tmp_path / "client-7").mkdir()
    config = parse(account_text("client-7"), folder=tmp_path)

    assert tmp_path / "client-7" == state_folder(config) == find("client-7").state


@pytest.mark.parametrize("account", ["nobody", "../nobody", "nobody.sqlite"])
def test_an_account_nobody_knows_is_a_usage_error(account: str) -> None:
    """A misspelt account says where accounts are looked for."""
    with pytest.raises(UsageError, match="no account"):
        find(account)


@pytest.mark.parametrize(
    ("key", "value", "flat"),
    [
        ("on_shut", "tighten", (2.0, 0.5)),
        ("on_shut", {"close_after": 5}, (4.0, 5.0)),
        ("on_shut", {"reduce": 0.25}, (3.0, 0.25)),
    ],
)
def test_a_policy_for_open_trades_is_a_word_or_a_number(key: str, value: object, flat: tuple[float, float]) -> None:
    """As a TOML says it, and as the journal keeps it."""
    config = changed(f"strategies/0/gate/{key}", value)
    again = msgspec.json.decode(msgspec.json.encode(config), type=AccountConfig)
    gates = [one.strategies[0].gate for one in (config, again)]

    assert config == again
    assert [flat, flat] == [flat_policy(gate.on_shut) for gate in gates if gate]


def test_a_gate_may_weigh_the_risk() -> None:
    """One share for each state of its model."""
    gate = changed("strategies/0/gate/exposure", {"weights": [1.0, 0.25]}).strategies[0].gate

    assert gate is not None
    assert (1.0, 0.25) == gate.weights(2)


def test_a_regime_may_be_an_ensemble() -> None:
    """Each member is a table; what it does not say is as plain as it can be."""
    members = [{}, {"emission": 5, "sticky": 30}, {"covariance": "full"}, {"detector": "jump"}]
    document = tomllib.loads(demo_text())
    document["regimes"]["calm-or-storm"] |= {"detector": "ensemble", "members": members}
    regime = account_of(document, folder=Path("/accounts")).regimes["calm-or-storm"]

    assert [
        Member(), Member(emission="5.0", sticky=30.0), Member(covariance="full"), Member(detector="jump", penalty=50.0)
    ] == [member.meant for member in regime.members]  # fmt: skip
    assert regime.meant.penalty is None


def test_the_regimes_of_the_documentation_are_read_without_a_complaint() -> None:
    """Whoever copies one has it: that of the way a model goes, and the ensemble."""
    text = (Path(__file__).parents[2] / "docs" / "regimes.md").read_text(encoding="utf-8")
    blocks = [tomllib.loads(block.partition("```")[0]) for block in text.split("```toml\n")[1:]]
    told = [account_of(tomllib.loads(demo_text()) | block, folder=Path("/accounts")).regimes for block in blocks]
    plain, ensemble = (regimes["calm-or-storm"] for regimes in told)

    assert ("choose", 2000) == (plain.states, plain.refit.window if plain.refit else 0)
    assert ["hmm", "hmm", "jump"] == [member.detector for member in ensemble.members]


def test_a_regime_may_have_days_of_its_own() -> None:
    """Made of shorter bars, which are what has to be told; without `day` the broker's bars are."""
    document = tomllib.loads(demo_text())
    document["regimes"]["calm-or-storm"] |= {"day": "New York close", "made_of": "H1"}
    own = account_of(document, folder=Path("/accounts")).regimes["calm-or-storm"]
    theirs = demo().regimes["calm-or-storm"]

    assert (DayRule("New York close", "H1"), "H1") == (own.made_rule, own.told)
    assert (None, "D1") == (theirs.made_rule, theirs.told)


def test_hours_of_a_regime_may_be_made_of_minutes() -> None:
    """No clock has to be named for them: every one begins its hours, and parts of them, at the same moment."""
    document = tomllib.loads(demo_text())
    words = {"timeframe": "H1", "made_of": "M1", "features": [["intrabar_vol", 50]]}
    document["regimes"]["calm-or-storm"] |= words
    made = account_of(document, folder=Path("/accounts")).regimes["calm-or-storm"]

    assert (FrameRule("H1", "M1"), "M1") == (made.made_rule, made.told)
