"""The work that peers are measured on is what it is said to be; Tidegate does it, and what is not the same shows."""

from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from backtests.benchmarks.peers import Missing, python_of, written, year
from backtests.benchmarks.peers_engines import CHAIN, ENGINES
from backtests.benchmarks.peers_loops import compiled_sides, numba_loop, plain_loop
from backtests.benchmarks.peers_one import ready
from backtests.benchmarks.peers_rules import EXACT, Rule, expected_of, held_on, late, settled, verdict
from backtests.benchmarks.peers_tidegate import account_of
from backtests.benchmarks.peers_work import FAST, SLOW, Found, first_bars, read_tape, walk, write_tape
from market.features_averages import SMA, sma_step
from market.kernel import compile_all
from strategies.crosses import above

MINUTES = "prices/eurusd-m1-2018.histdata.zip"
BARS = 3000


@pytest.fixture
def tape_file(tmp_path: Path) -> Path:
    """Return a short walk as peers read it."""
    return written(tmp_path / "walk.npz", walk(BARS))


@pytest.fixture(scope="module")
def year_file(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the year of EURUSD as peers read it."""
    file = tmp_path_factory.mktemp("year") / "year.npz"
    write_tape(file, year(shared_data / MINUTES))
    return file


@pytest.mark.parametrize(("job", "fills", "pnl"), [("sma", 10_873, -16_532.27), ("rsi", 15_541, -8_661.81)])
def test_the_loops_do_the_work_that_was_measured_elsewhere(year_file: Path, job: str, fills: int, pnl: float) -> None:
    """Fills and profit of the year are those that other people's loops made of it, ties decided by whole points."""
    found = numba_loop(job, year_file)()

    assert (fills, pnl) == (found.fills, round(found.pnl, 2))


@pytest.mark.parametrize("job", ["sma", "rsi"])
def test_both_loops_and_the_columns_of_the_rules_come_to_the_same(tape_file: Path, job: str) -> None:
    """Plain Python, numba and what is expected by the loop's own rule agree."""
    plain, fast, columns = (
        plain_loop(job, tape_file)(),
        numba_loop(job, tape_file)(),
        expected_of(job, tape_file, Rule()),
    )

    assert plain == fast
    assert (plain.fills, round(plain.pnl, 6)) == (columns[EXACT].fills, round(columns[EXACT].pnl, 6))


OURS = [(name, job) for name, engine in ENGINES.items() for job in engine.jobs if "tidegate" in name and job != CHAIN]


@pytest.mark.parametrize(("name", "job"), OURS)
def test_tidegate_does_the_same_work(tape_file: Path, name: str, job: str) -> None:
    """By the rules that are said of it, its fills and its money are those of the loop."""
    rule = ENGINES[name].rule
    found = ready(name, job, tape_file)()

    assert "same" == verdict(found, expected_of(job, tape_file, rule), rule)
    assert BARS == found.bars


def test_the_chain_is_an_account_with_a_gate_of_three_states(tape_file: Path) -> None:
    """Its model stands beside the tape, under a name that tapes share which begin alike."""
    config = account_of("chain", tape_file, "kernel")
    (regime,) = config.regimes.values()
    gate = config.strategies[0].gate

    assert 3 == regime.states
    assert gate is not None
    assert "enforce" == gate.mode
    assert tape_file.parent == Path(regime.model).parent


def test_tidegate_decides_the_ties_of_a_real_year_as_whole_points_do(year_file: Path) -> None:
    """On all bars of the year its averages are on the side on which the exact sums are; floats alone differ on 44."""
    tape = read_tape(year_file)
    compile_all()

    def run(close: Any, fast: Any, slow: Any, sides: Any, gaps: Any) -> None:  # noqa: ANN401 - arrays
        p, q = (float(FAST),), (float(SLOW),)
        for t in range(len(close)):
            a = sma_step(fast, p, close[t], close[t], close[t], close[t], 0.0)
            b = sma_step(slow, q, close[t], close[t], close[t], close[t], 0.0)
            sides[t], gaps[t] = above(a, b), a - b

    compiled: Any = numba.njit(run)
    sides, gaps = np.empty(len(tape.close)), np.empty(len(tape.close))
    compiled(tape.close, np.array(SMA.init((FAST,))), np.array(SMA.init((SLOW,))), sides, gaps)
    exact = compiled_sides("sma", year_file)()

    assert (exact == held_on(sides)).all()
    assert (132, 88) == ((sides == 0.0).sum(), (gaps == 0.0).sum())


def test_work_that_is_not_the_same_is_told_with_its_difference() -> None:
    """A fill more, or a cent, is other work, unless another way of summing explains it."""
    expected = {EXACT: Found(10, 5.0), "sums in another order": Found(11, 4.0)}

    assert "same" == verdict(Found(10, 5.004), expected, Rule())
    assert "same, but ties: sums in another order" == verdict(Found(11, 4.0), expected, Rule())
    assert "**not the same**: +1 fills, +0.00" == verdict(Found(11, 5.0), expected, Rule())
    assert "**not the same**: +0 fills, +0.02" == verdict(Found(10, 5.02), expected, Rule())
    assert "same" == verdict(Found(10, 5.02), expected, Rule(cents=True))


def test_the_rules_of_engines_change_the_work_as_they_say() -> None:
    """A flip is two fills, a buyer pays the spread, what is open is closed at the end and pays for that."""
    tape = first_bars(walk(10), 4)._replace(open=np.full(4, 1.0), close=np.full(4, 2.0))
    wanted = np.array([1.0, -1.0, -1.0, 1.0])

    def found(rule: Rule) -> tuple[int, float]:
        fills, pnl, _ = settled(wanted, tape, rule)
        return fills, round(pnl, 6)

    assert (2, -10_001.5) == found(Rule())
    assert (3, -10_001.5) == found(Rule(deals=2))
    assert (2, -10_001.600005) == found(Rule(spread=1.0))
    assert (3, -10_002.5) == found(Rule(closed=True))
    assert (3, -5.0) == found(Rule(fill="close"))


def test_whoever_enters_late_is_out_for_a_bar_at_each_flip() -> None:
    """A side that comes back at once is entered again, one that stays is entered a bar later."""
    wanted = np.array([0.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0])

    assert [0.0, 1.0, 0.0, -1.0, 0.0, -1.0, -1.0] == late(wanted).tolist()


def test_an_engine_that_is_not_installed_is_missing_by_name() -> None:
    """Nobody is left out in silence."""
    found = python_of(("no-such-engine",), {})

    assert isinstance(found, Missing)
    assert "no-such-engine" in found.why
