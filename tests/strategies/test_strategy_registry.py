"""Names of strategies, and what is said about a wrong one."""

from pathlib import Path

import pytest

from strategies.protocol import StrategyError
from strategies.registry import BUILT_IN, resolve
from strategies.trend import Trend

MODULE = """
from dataclasses import dataclass

class Plain:
    name = "plain"
    version = 1
    def __init__(self, n=3):
        if n < 0:
            raise ValueError("n is below 0")
        self.n = n
    def features(self):
        return {"mean": ("sma", (float(self.n),))}
    def init(self):
        return {}
    def decide(self, state, view):
        return None, 0.0

@dataclass(frozen=True)
class Dressed(Plain):
    n: int = 5

class Odd(Plain):
    def features(self):
        return {"mean": ("astrology", ())}

class Within(Plain):
    def features(self):
        return {"within": ("intrabar_vol", (9.0,))}

class Half:
    name = "half"
    def init(self):
        return {}

number = 7
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an importable module with strategies good and bad in it."""
    name = f"users_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / f"{name}_broken.py").write_text("1 / 0", encoding="utf-8")
    (tmp_path / f"{name}_needy.py").write_text("import no_such_package_anywhere", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_name_gives_the_strategy_with_its_defaults(name: str) -> None:
    """Every registered name resolves without parameters."""
    assert BUILT_IN[name]() == resolve(name)


def test_parameters_replace_defaults_and_whole_numbers_do_for_floats() -> None:
    """TOML's `stop_atr = 2` is a float to the strategy."""
    assert Trend(fast=10, stop_atr=2.0) == resolve("trend", {"fast": 10, "stop_atr": 2})


@pytest.mark.parametrize("mark", [":", "."])
def test_a_dotted_path_gives_a_users_class(module: str, mark: str) -> None:
    """Both ways of writing a path find a plain class, and its parameters arrive."""
    found = resolve(f"{module}{mark}Plain", {"n": 4})

    assert ("plain", {"mean": ("sma", (4.0,))}) == (found.name, found.features())


def test_a_dataclass_is_decoded_strictly(module: str) -> None:
    """Types of a user's dataclass are checked as those of a built-in strategy are."""
    with pytest.raises(StrategyError, match="Expected `int`, got `str`"):
        resolve(f"{module}:Dressed", {"n": "four"})

    assert {"mean": ("sma", (5.0,))} == resolve(f"{module}:Dressed").features()


@pytest.mark.parametrize(
    ("use", "params", "said"),
    [
        ("trnd", {}, "unknown strategy 'trnd'; built in are: breakout, mean_reversion, trend; or name your own"),
        ("trend", {"fsat": 3}, "no parameter 'fsat'; it has: fast, slow, atr, stop_atr"),
        ("trend", {"fast": "3"}, r"Expected `int`, got `str` - at `\$.fast`"),
        ("trend", {"stop_atr": 0.0}, r"Expected `float` > 0.0 - at `\$.stop_atr`"),
        ("trend", {"fast": 60}, r"fast \(60\) must be less than slow \(50\)"),
        ("mean_reversion", {"exit_z": -2.0}, r"exit_z \(-2.0\) must be greater than -entry \(-1.5\)"),
        ("no_such_module_here:A", {}, "no module 'no_such_module_here'"),
        (".Trend", {}, "unknown strategy '.Trend'"),
        ("MODULE:Missing", {}, "has no class 'Missing'"),
        ("MODULE:number", {}, "has no class 'number'"),
        ("MODULE:Plain", {"m": 1}, "no parameter 'm'; it has: n"),
        ("MODULE:Plain", {"n": -1}, "ValueError: n is below 0"),
        ("MODULE:Half", {"n": 1}, "no parameter 'n'; it has: none"),
        ("MODULE:Half", {}, r"is missing version, features, decide \(or, as a kernel strategy, step and params\)"),
        ("MODULE:Odd", {}, "unknown feature 'astrology'"),
        ("MODULE:Within", {}, "intrabar_vol is a regime's: no strategy's bars are made here"),
        ("MODULE_broken:A", {}, "failed: ZeroDivisionError: division by zero"),
        ("MODULE_needy:A", {}, "imports 'no_such_package_anywhere', which is not installed"),
    ],
)
def test_a_wrong_name_or_parameter_is_one_line_that_says_what_to_do(
    module: str, use: str, params: dict[str, object], said: str
) -> None:
    """Whatever is wrong with a strategy is said in one line, with what there is instead."""
    with pytest.raises(StrategyError, match=said) as caught:
        resolve(use.replace("MODULE", module), params)

    assert 1 == len(str(caught.value).splitlines())
