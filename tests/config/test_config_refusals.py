"""Everything a TOML may not say is refused in one line, with its key path and what was expected."""

import copy
import datetime
import math
import tomllib

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.load import account_of, load, parse
from config.new_account import demo_text
from config.shape import join

DEMO = tomllib.loads(demo_text())
DEMO["terminal"]["password"] = {"env": "DEMO_PASSWORD"}
DEMO["data"]["SP500"]["policy"] = {"range": "repair"}

Path_ = tuple[str | int, ...]


def walk(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:  # noqa: ANN401 - any TOML value
    """Yield every value of a document with its path."""
    yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        yield from walk(item, (*path, key))


def spelled(path: Path_) -> str:
    """Return a path as a refusal writes it."""
    text = ""
    for key in path:
        text = f"{text}[{key}]" if isinstance(key, int) else join(text, key)
    return text


def at(document: Any, path: Path_) -> Any:  # noqa: ANN401 - likewise
    """Return the value at a path."""
    for key in path:
        document = document[key]
    return document


def refused(document: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a document; nothing if it is an account."""
    try:
        account_of(document, folder=Path("/accounts"), name="demo.toml")
    except ConfigError as error:
        return error.problems
    return ()


TABLES = [path for path, value in walk(DEMO) if isinstance(value, dict)]
OPEN_TABLES = {("symbols",), ("regimes",), ("data",)}
CLOSED = [path for path in TABLES if path not in OPEN_TABLES]
VALUES = [path for path, _ in walk(DEMO) if path]


def test_the_demo_is_refused_nothing() -> None:
    """The document the other tests spoil is good."""
    assert () == refused(DEMO)


@given(table=st.sampled_from(CLOSED), key=st.text(min_size=1).filter(lambda key: key not in ("name", "password")))
def test_an_unknown_key_anywhere_is_refused_with_its_path(table: Path_, key: str) -> None:
    """No table takes a key it does not know."""
    document = copy.deepcopy(DEMO)
    known = key in at(document, table)
    at(document, table).setdefault(key, 1)

    problems = refused(document)

    assert known or any(problem.startswith(f"demo.toml: {spelled((*table, key))}: ") for problem in problems)


@given(path=st.sampled_from([path for path in VALUES if isinstance(path[-1], str)]), letter=st.integers(0, 30))
def test_a_misspelt_key_is_told_the_nearest_one(path: Path_, letter: int) -> None:
    """A key with one letter doubled is refused, and what was meant is named."""
    table, key = path[:-1], str(path[-1])
    document = copy.deepcopy(DEMO)
    spot = letter % len(key)
    misspelt = key[:spot] + key[spot] * 2 + key[spot + 1 :]
    at(document, table)[misspelt] = at(document, table).pop(key)

    problems = refused(document)

    assert problems
    if table not in OPEN_TABLES:
        assert f"demo.toml: {spelled((*table, misspelt))}: unknown key, did you mean `{key}`?" in problems


@given(path=st.sampled_from(VALUES), wrong=st.sampled_from([datetime.time(1, 2), [[[]]], math.nan, math.inf, 2**70]))
def test_a_value_of_the_wrong_type_anywhere_is_refused_with_its_path(path: Path_, wrong: object) -> None:
    """What no key takes is refused wherever it stands, by a line that says where."""
    document = copy.deepcopy(DEMO)
    at(document, path[:-1])[path[-1]] = wrong

    problems = refused(document)

    assert any(problem.startswith(f"demo.toml: {spelled(path)}") and "expected" in problem for problem in problems)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["D1", "SP500", "trend", "UTC", "calm-or-storm"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
).filter(lambda value: value is not None)


@given(path=st.sampled_from(VALUES), value=ANYTHING)
def test_any_value_anywhere_is_taken_or_refused_in_one_line(path: Path_, value: object) -> None:
    """Nothing a TOML can hold brings about anything but an account or a refusal."""
    document = copy.deepcopy(DEMO)
    at(document, path[:-1])[path[-1]] = value

    for problem in refused(document):
        assert 1 == len(problem.splitlines())
        assert problem.startswith("demo.toml: ")


@given(path=st.sampled_from(VALUES))
def test_a_value_left_out_is_taken_or_refused_by_name(path: Path_) -> None:
    """Whatever is missing has a default, or is asked for."""
    document = copy.deepcopy(DEMO)
    table = at(document, path[:-1])
    del table[path[-1]]

    for problem in refused(document):
        assert problem.startswith(f"demo.toml: {spelled(path[:1])}") or spelled(path[-1:]) in problem


SP500 = "symbols/SP500"
TREND = "strategies/0"
COSTS, THREE = {"false_alarm": 1.0, "miss": 3.0}, {"weights": [1.0, 0.5, 0.0]}
REGIME = "regimes/calm-or-storm"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{TREND}/risk", 0.5, "strategies[0].risk: expected a number in (0, 0.02], got 0.5"),
        (f"{TREND}/risk", 0, "strategies[0].risk: expected a number in (0, 0.02], got 0"),
        (f"{TREND}/risk", "1%", 'strategies[0].risk: expected a number, got "1%"'),
        ("limits/max_risk", 1.5, "limits.max_risk: expected a number in (0, 1], got 1.5"),
        ("limits/max_volume", 0, "limits.max_volume: expected a number above 0, got 0"),
        ("limits/max_positions", -1, "limits.max_positions: expected a number above 0, got -1"),
        ("account/name", "con", "account.name: expected a name that can be a folder on Windows too"),
        ("account/currency", "usd", "account.currency: expected a text like ^[A-Z]{3,8}$"),
        ("account/mode", "demo", 'account.mode: expected "live" or "observe" or "paper", got "demo"'),
        ("account/zone", "CET", 'account.zone: expected "UTC", an offset like "UTC+2", with summer time "UTC+2 EU" or'),
        ("account/positions", "net", 'account.positions: expected "hedging" or "netting", got "net"'),
        ("account/login", True, "account.login: expected a whole number from 1, got true"),
        ("account/balance", 0, "account.balance: expected a number above 0, got 0"),
        ("terminal/kind", "mt4", 'terminal.kind: expected "lookalike" or "metatrader5", got "mt4"'),
        ("limits/lease_s", 1, "limits.lease_s: expected more than terminal.idle_ms (1 s), got 1"),
        ("terminal/settle_s", 1, "terminal.settle_s: expected a number from call_timeout_s (5) upwards, got 1"),
        ("terminal/deadlines", {"pol": 1.0}, "terminal.deadlines.pol: unknown key, did you mean `poll`?"),
        ("terminal/deadlines", {"send": 0}, "terminal.deadlines.send: expected a number above 0, got 0"),
        (
            "terminal/deadlines",
            {"send": 9.0},
            "terminal.settle_s: expected a number from deadlines.send (9) upwards, got 6",
        ),
        ("terminal/password", "hunter2", 'terminal.password: expected {env = "NAME"} or {file = "path"}, never the'),
        ("terminal/password", {}, 'terminal.password: expected either {env = "NAME"} or {file = "path"}'),
        (f"{SP500}/broker", "x" * 30, "symbols.SP500.broker: expected no more than 29 characters"),
        (f"{SP500}/costs/spread", -1, "symbols.SP500.costs.spread: expected a number from 0, got -1"),
        (
            f"{SP500}/costs/latency_ms",
            -1,
            "symbols.SP500.costs.latency_ms: expected milliseconds from 0 to below 60000",
        ),
        (f"{SP500}/costs/latency_ms", [1, 60_000], "symbols.SP500.costs.latency_ms: expected milliseconds from 0 to"),
        (
            f"{SP500}/costs/commission",
            {"per": "moon"},
            'symbols.SP500.costs.commission.per: expected "lot" or "deal" or "turnover", got "moon"',
        ),
        (
            f"{SP500}/costs/commission",
            {"per": "lot", "rate": 5, "on": "in", "rebate": 1},
            "symbols.SP500.costs.commission.rebate: unknown key",
        ),
        (
            f"{SP500}/costs/commission",
            {"per": "lot", "rate": -5},
            "symbols.SP500.costs.commission: rate: expected a number from 0, got -5",
        ),
        (
            f"{SP500}/costs/swap",
            {"long": 1, "short": 1},
            'symbols.SP500.costs.swap.by: expected "points" or "money" or "interest", got nothing',
        ),
        (f"{SP500}/spec/name", "SPX", 'symbols.SP500.spec.name: expected "SP500", the name of its table, or nothing'),
        (
            "account/currency",
            "CHF",
            'symbols.SP500.spec.currency_profit: expected "CHF", or a pair with it as its base: ',
        ),
        (f"{SP500}/spec/digits", 12, "symbols.SP500.spec.digits: expected a whole number from 0 up to 10, got 12"),
        (f"{SP500}/spec/volume_step", 0, "symbols.SP500.spec.volume_step: expected a number above 0, got 0"),
        (f"{SP500}/spec/volume_max", 0.001, "symbols.SP500.spec.volume_max: expected a number from volume_min (0.01)"),
        (f"{SP500}/spec/swap_days", [1.0], "symbols.SP500.spec.swap_days: expected a list of 7, got [1.0]"),
        (
            f"{REGIME}/states",
            1,
            'regimes.calm-or-storm.states: expected a whole number from 2 up to 8 or "choose" or a table, got 1',
        ),
        (f"{REGIME}/penalty", 9.0, 'regimes.calm-or-storm.penalty: expected nothing without detector = "jump", got 9'),
        (f"{REGIME}/symbol", "DAX", "regimes.calm-or-storm.symbol: expected the name of a table under `symbols`"),
        (f"{REGIME}/timeframe", "D2", "regimes.calm-or-storm.timeframe: expected one of M1, M2,"),
        (f"{REGIME}/features", [["emma", 20]], "regimes.calm-or-storm.features[0]: unknown feature 'emma'; known are"),
        (f"{REGIME}/features", [["ema"]], "regimes.calm-or-storm.features[0]: feature 'ema' takes 1 parameter(s) (n)"),
        (f"{REGIME}/features", [[20]], "regimes.calm-or-storm.features[0]: expected a name, then its parameters"),
        (f"{REGIME}/features", [], "regimes.calm-or-storm.features: expected a list with 1 or more entries, got []"),
        (f"{REGIME}/train", {"bars": 9, "to": "1999-01-04"}, "regimes.calm-or-storm.train: expected either `bars` or"),
        (
            f"{REGIME}/train",
            {"from": "2000-01-01", "to": "1999-01-01"},
            "regimes.calm-or-storm.train.to: expected a date from 2000-01-01, got 1999-01-01",
        ),
        (
            f"{REGIME}/day",
            "New York close",
            "regimes.calm-or-storm.made_of: expected the timeframe of the bars that make up the days of `day`, got",
        ),
        (f"{REGIME}/made_of", "H1", "regimes.calm-or-storm.day: expected the clock by which days end that are made of"),
        (f"{TREND}/name", "reversion", 'strategies[0].name: expected a name no other strategy has, got "reversion"'),
        (f"{TREND}/symbol", "DAX", "strategies[0].symbol: expected the name of a table under `symbols` (SP500), got"),
        (f"{TREND}/use", "trendy", "strategies[0].use: expected one of breakout, mean_reversion, trend, or"),
        (f"{TREND}/params/fats", 3, "strategies[0].params.fats: unknown key, did you mean `fast`?"),
        (f"{TREND}/params/fast", 0, "strategies[0].params.fast: expected a whole number from 1, got 0"),
        (f"{TREND}/params/slow", 5, "strategies[0].params: fast (20) must be less than slow (5)"),
        (f"{TREND}/gate/regime", "calm", "strategies[0].gate.regime: expected the name of a table under `regimes`"),
        (f"{TREND}/gate/allow", [2], "strategies[0].gate.allow[0]: expected a whole number from 0 up to 1, got 2"),
        (f"{TREND}/gate/leave", 0.9, "strategies[0].gate: gate: need 0 <= leave <= enter <= 1"),
        (
            f"{TREND}/gate/on_shut",
            "explode",
            'strategies[0].gate.on_shut: expected "breakeven" or "keep" or "reduce" or',
        ),
        (
            f"{TREND}/gate/on_shut",
            {"close_afer": 5},
            "strategies[0].gate.on_shut.close_afer: unknown key, did you mean",
        ),
        (
            f"{TREND}/gate/on_shut",
            {"close_after": 0},
            "strategies[0].gate.on_shut: on_shut: need close_after >= 1, got",
        ),
        (f"{TREND}/gate/on_shut", {}, "strategies[0].gate.on_shut: on_shut: name one of tighten, reduce and close_aft"),
        (f"{TREND}/gate/threshold", {"miss": 1.0}, "strategies[0].gate.threshold.false_alarm: expected a number, got"),
        (f"{TREND}/gate/threshold", COSTS, "strategies[0].gate: gate: name either enter and leave, or threshold, not"),
        (f"{TREND}/gate/exposure", {"weights": [2.0]}, "strategies[0].gate.exposure: exposure: need weights from 0 to"),
        (f"{TREND}/gate/exposure", THREE, "strategies[0].gate.exposure.weights: expected 2 numbers, got 3"),
        ("data/SP500/file", "x.csv", 'data.SP500: expected either source = "sp500" or file = "path", got both'),
        (
            "data/more",
            {"source": "sp500", "symbol": "DAX"},
            "data.more.symbol: expected the name of a table under `symbols`",
        ),
        ("data/more", {"source": "sp500", "symbol": "SP500"}, "data.more: expected bars that no table before it has"),
        ("data/SP500/format", "ticks", 'data.SP500.format: expected "bars" without a file, got "ticks"'),
        (
            "data/more",
            {"file": "x.csv", "format": "ticks", "symbol": "SP500", "timeframe": "M1", "spread_by_hour": [1.0] * 168},
            "data.more.spread_by_hour: expected none: ticks have spreads of their own, got 168",
        ),
        ("data/SP500/finer", "SP500", 'data.SP500.finer: expected ticks, or bars shorter than D1, got D1 of "SP500"'),
        ("data/SP500/finer", "more", 'data.SP500.finer: expected another table under `data` of SP500, got "more"'),
        (
            "data/more",
            {"file": "x.csv", "format": "ticks", "symbol": "SP500", "timeframe": "M1", "finer": "SP500"},
            'data.more.finer: expected nothing: bars made of ticks have these, got "SP500"',
        ),
        ("data/SP500/zone", "CET", "data.SP500.zone: expected "),
        ("data/DAX", {"source": "sp500"}, "data.DAX: expected a symbol that has a table under `symbols` (SP500)"),
        ("symbols/SPX", {"broker": "SP500"}, "symbols.SPX.broker: expected a name no other symbol has at the broker"),
        ("symbols", {}, "symbols: expected a table with 1 or more entries, got a table"),
        ("strategies", {}, "strategies: expected a list, got a table"),
        ("feed/warmup", -1, "feed.warmup: expected a whole number from 0, got -1"),
    ],
)
def test_a_broken_bound_names_what_was_expected(path: str, value: object, expected: str) -> None:
    """The refusal is the line that a person needs."""
    document = copy.deepcopy(DEMO)
    keys = tuple(int(key) if key.isdigit() else key for key in path.split("/"))
    at(document, keys[:-1])[keys[-1]] = value

    problems = refused(document)

    assert any(problem.startswith(f"demo.toml: {expected}") for problem in problems), problems


def test_a_metatrader_without_a_path_is_refused() -> None:
    """Without a path the client chooses the terminal itself, and it may be somebody else's."""
    document = copy.deepcopy(DEMO)
    document["terminal"] = {"kind": "metatrader5"}

    assert "terminal.path: expected the terminal's program" in refused(document)[0]


def test_an_unknown_policy_of_hands_is_refused() -> None:
    """What becomes of a stop that a hand has moved is one of two things."""
    assert ('demo.toml: hands.stop: expected "accept" or "restore", got "ignore"',) == refused(
        {**copy.deepcopy(DEMO), "hands": {"stop": "ignore"}}
    )


def test_two_strategies_on_one_symbol_of_a_netting_account_are_refused() -> None:
    """One net position has one stop, and nobody could say whose it is."""
    document = copy.deepcopy(DEMO)
    document["account"]["positions"] = "netting"
    twice = len(document["strategies"])

    assert twice > 1
    assert [f"demo.toml: strategies[{n}].symbol" for n in range(twice)] == [
        problem[: problem.index(": expected")] for problem in refused(document)
    ]


def test_one_strategy_a_symbol_is_taken_on_a_netting_account() -> None:
    """What is netted belongs to one strategy then."""
    document = copy.deepcopy(DEMO)
    document["account"]["positions"] = "netting"
    document["strategies"] = document["strategies"][:1]

    assert () == refused(document)


def test_real_money_is_only_for_live_accounts() -> None:
    """An account that observes does not allow real money on the side."""
    document = copy.deepcopy(DEMO)
    document["account"] |= {"mode": "observe", "allow_real": True}

    assert "account.allow_real: expected false" in refused(document)[0]


def test_without_its_limits_an_account_is_none() -> None:
    """No daemon begins: the table is mandatory, and so is each limit that has no value of its own."""

    def keys(document: dict[str, Any]) -> list[str]:
        with pytest.raises(ConfigError) as told:
            account_of(document, folder=Path("/accounts"))
        return [problem.split(": ")[1] for problem in told.value.problems]

    without, empty = copy.deepcopy(DEMO), copy.deepcopy(DEMO)
    del without["limits"]
    empty["limits"] = {}
    mandatory = ("volume", "value", "positions", "risk", "daily_loss", "spread", "orders_per_minute")

    assert ["limits"] == keys(without)
    assert [f"limits.max_{name}" for name in mandatory] == keys(empty)


def test_every_problem_is_found_at_once() -> None:
    """A person mends a file in one go: the first problem is the message, and the others are held."""
    document = copy.deepcopy(DEMO)
    document["account"]["login"] = 0
    document["limits"]["max_volum"] = 1
    document["strategies"][1]["timeframe"] = "D2"

    with pytest.raises(
        ConfigError, match=r"account\.login.* \(and 2 more: `tidegate config check` lists them\)"
    ) as told:
        account_of(document, folder=Path("/accounts"))

    assert ["account.login", "limits.max_volum", "strategies[1].timeframe"] == [
        problem.split(": ")[1] for problem in told.value.problems
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("account = ", "not TOML"), ("[account]\n[account]", "not TOML"), ("", "account: expected a table, got nothing")],
)
def test_a_text_that_is_no_account_is_refused(text: str, expected: str) -> None:
    """What is not TOML, or says nothing, is refused in one line."""
    with pytest.raises(ConfigError, match=expected):
        parse(text, folder=Path("/accounts"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Absent, a folder, not text, or far too large: each says so."""
    (tmp_path / "latin.toml").write_bytes(b"name = 'Z\xfcrich'")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    told = {"absent.toml": "cannot be read", "": "cannot be read", "latin.toml": "UTF-8", "large.toml": "larger than"}

    for name, expected in told.items():
        with pytest.raises(ConfigError, match=expected):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"detector": "jump", "novelty": "e-process"}, 'regimes.calm-or-storm.novelty: expected "model" or "off" for'),
        (
            {"detector": "ensemble"},
            'regimes.calm-or-storm.members: expected 2 to 4 tables like { emission = "t" }, got',
        ),
        (
            {"members": [{}]},
            'regimes.calm-or-storm.members: expected nothing without detector = "ensemble", got a',
        ),
        (
            {"learnt_from": "GOLD", "refit": {"every": "126 bars"}},
            "regimes.calm-or-storm.refit: expected nothing with learnt_from: regimes of GOLD refit its model, got",
        ),
        ({"day": "New York", "made_of": "H1"}, "regimes.calm-or-storm.day: expected "),
        ({"day": "UTC", "made_of": "H4"}, "regimes.calm-or-storm.made_of: expected one of M1, M2,"),
        ({"day": "UTC", "made_of": "D1"}, "regimes.calm-or-storm.made_of: expected one of M1, M2,"),
        ({"day": "UTC", "made_of": "H5"}, "regimes.calm-or-storm.made_of: expected one of M1, M2,"),
        ({"features": [["intrabar_vol", 20]]}, "regimes.calm-or-storm.features[0]: expected `made_of` with intrabar_v"),
        (
            {"timeframe": "H1", "made_of": "M1", "features": [["intrabar_vol", 61]]},
            "regimes.calm-or-storm.features[0]: expected a whole number up to the 60 bars of M1 that make one of H1, g",
        ),
        ({"timeframe": "M15", "made_of": "M2"}, "regimes.calm-or-storm.made_of: expected one of M1, M3, M5, got"),
        ({"timeframe": "M15", "made_of": "M15"}, "regimes.calm-or-storm.made_of: expected one of M1, M3, M5, got"),
        ({"timeframe": "M1", "made_of": "M1"}, 'regimes.calm-or-storm.made_of: expected nothing, "M1" being the short'),
        ({"timeframe": "H4", "made_of": "M1"}, 'regimes.calm-or-storm.timeframe: expected "D1", or up to "H1", with'),
        ({"day": "UTC", "made_of": "H1", "timeframe": "H4"}, 'regimes.calm-or-storm.timeframe: expected "D1" with'),
    ],
)
def test_a_regime_that_cannot_be_is_refused(words: dict[str, object], expected: str) -> None:
    """A test of predictions that nobody makes, an unknown clock, bars that are no part of others, or too few."""
    document = copy.deepcopy(DEMO)
    document["regimes"]["calm-or-storm"] |= words

    problems = refused(document)

    assert any(problem.startswith(f"demo.toml: {expected}") for problem in problems), problems


@pytest.mark.parametrize(
    ("members", "words", "expected"),
    [
        ([{}], {}, "members: expected 2 to 4 tables like"),
        (
            [{}, {"emission": "t"}],
            {"covariance": "full"},
            'covariance: expected nothing with detector = "ensemble";',
        ),
        ([{}, {"emission": "t"}], {"penalty": 9}, 'penalty: expected nothing without detector = "jump", got 9'),
        (
            [{}, {"emission": "t"}],
            {"states": "choose"},
            'states: expected a number with detector = "ensemble", got',
        ),
        (
            [{}, {"emission": "gauss"}],
            {},
            "members[1]: expected another member than each before it, got { emis",
        ),
        (
            [{"detector": "jump"}, {}],
            {},
            'members[0].detector: expected "hmm", got "jump": the first one has',
        ),
        ([{}, {"penalty": 9}], {}, 'members[1].penalty: expected nothing without detector = "jump", got 9'),
        (
            [{}, {"detector": "jump", "sticky": 9}],
            {},
            'members[1].sticky: expected nothing with detector = "jump", got',
        ),
        ([{}, {"detector": "ensemble"}], {}, 'members[1].detector: expected "hmm" or "jump", got "ensemble"'),
        ([{}, {"emissions": "t"}], {}, "members[1].emissions: unknown key, did you mean `emission`?"),
        ([{}, {"share": 0.5}], {}, "members[1].share: unknown key, expected one of detector, "),
        ([{}, {"sticky": -1}], {}, "members[1].sticky: expected a number from 0, got -1"),
        ([{}, "jump"], {}, 'members[1]: expected a table, got "jump"'),
    ],
)
def test_an_ensemble_that_cannot_be_is_refused(members: list[object], words: dict[str, object], expected: str) -> None:
    """Too few, twice the same, nobody who predicts bars, or what only a member of another kind has."""
    document = copy.deepcopy(DEMO)
    document["regimes"]["calm-or-storm"] |= {"detector": "ensemble", "members": members, **words}

    problems = refused(document)

    assert any(problem.startswith(f"demo.toml: regimes.calm-or-storm.{expected}") for problem in problems), problems
