"""What was foretold: labels that are there yet, scores that are chances, those that are not, and the page."""

from pathlib import Path

import numpy as np
import pytest

from backtests.foretold import Foretold, foretold
from backtests.foretold_page import foretold_html
from config.errors import UsageError
from runtime.journal.entries import Row
from tests.attributed import BEGAN, DAY, a_journal, decision_row, outcome_row, run_row
from tests.pages import Elements

KELLY = {"by": "kelly", "part": 0.25}


def traded(n: int, *, score: float = 0.5, won: bool | None = None, state: str = "FILLED") -> list[Row]:
    """Return the rows of a decision to trade; `won` None: nothing was closed."""
    rows = [decision_row(n, "traded", score=score, instruction=n + 1),
            ("orders", {"instruction": n + 1, "run": 1, "decision": f"1-{n}", "state": state})]  # fmt: skip
    return rows if won is None else [*rows, outcome_row(n, net=10.0 if won else -10.0, r=0.1 if won else -0.1)]


def chances(shift: float = 0.0) -> list[Row]:
    """Return 300 trades whose scores are true chances, or too high by `shift`."""
    dice = np.random.default_rng(4)
    ps = dice.uniform(0.3, 0.7, 300)
    won = dice.random(300) < ps
    return [row for n in range(300) for row in traded(n, score=float(ps[n] + shift), won=bool(won[n]))]


def one(folder: Path, rows: list[Row], *named: str, **more: object) -> Foretold:
    """Return what the one strategy of a journal foretold."""
    (found,) = foretold([("one", a_journal(folder, run_row(**more), *rows))], named)  # type: ignore[arg-type] # by name
    return found


def test_labels_are_counted_with_their_lag(tmp_path: Path) -> None:
    """What never became a trade has no label to wait for; what stands open has, later."""
    rows = [*traded(0, won=True), *traded(1, won=False), *traded(2), *traded(3, state="CANCELLED")]

    labels = one(tmp_path, rows).labels

    assert (4, 2, 1, 1) == (labels.traded, labels.labelled, labels.never_filled, labels.open)
    assert (2.0 / 3.0, 7200.0) == (labels.coverage, labels.lag_s)


def test_the_score_of_a_strategy_sized_by_kelly_is_a_chance(tmp_path: Path) -> None:
    """True chances are not contradicted."""
    found = one(tmp_path, chances(), size=KELLY)

    assert found.chances is not None
    assert found.chances.error <= found.chances.error_by_luck
    assert "nothing here contradicts its chances" in found.sentence


def test_chances_that_promise_too_much_are_found(tmp_path: Path) -> None:
    """Twenty points too high: told with what came instead."""
    found = one(tmp_path, chances(0.2), size=KELLY)

    assert "is not calibrated" in found.sentence
    assert "more than the" in found.sentence


def test_a_score_in_a_unit_of_its_own_is_no_chance(tmp_path: Path) -> None:
    """It is said, and trades are shown by fifths of the score, in the direction of the trade."""
    found = one(tmp_path, chances())

    assert found.chances is None
    assert "gives no probability" in found.sentence
    assert [60] * 5 == [fifth.came.trades for fifth in found.fifths]
    assert [f.low for f in found.fifths] == sorted(f.low for f in found.fifths)


def test_a_person_may_say_that_a_score_is_a_chance(tmp_path: Path) -> None:
    """By the strategy's name; one that traded nothing is a mistake."""
    assert one(tmp_path / "a", chances(), "trend").chances is not None
    with pytest.raises(UsageError, match="moon traded nothing: there are trend"):
        one(tmp_path / "b", chances(), "moon")


def test_a_score_that_can_be_no_chance_is_left_out(tmp_path: Path) -> None:
    """Above 1, and counted."""
    found = one(tmp_path, [*traded(0, score=1.5, won=True), *traded(1, score=0.5, won=True)], "trend")

    assert found.chances is not None
    assert (1, 1) == (found.no_chance, found.chances.count)


def test_a_shadow_trade_is_no_label(tmp_path: Path) -> None:
    """Its fills are a model's; what was foretold is held against what came."""
    rows = [*traded(0), outcome_row(0, book="shadow", closed=BEGAN + DAY)]

    assert 0 == one(tmp_path, rows).labels.labelled


def test_the_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    """A curve for chances, a table for other scores, and nothing that is loaded."""
    found = [one(tmp_path / "a", chances(), size=KELLY), one(tmp_path / "b", chances())]

    shown = Elements(foretold_html(found, ["one"]))

    assert [] == shown.loaded
    assert "what came" in foretold_html(found, ["one"])
    assert "uncertainty" in shown.text
    assert "its trades are shown by fifths of it" in shown.text
