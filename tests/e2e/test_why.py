"""`tidegate why`: one decision of the demo told whole, every gate with its number and limit."""

import json
import re

import pytest

from runtime.core.risk import CHECKS
from tests.demos import Demo
from tests.oracle import table
from tidegate.output import cell


def decision_of(demo: Demo, kind: str) -> dict[str, object]:
    """Return the journal's first decision of a class."""
    return next(row for row in table(demo.journal, "decisions") if row["class"] == kind)


@pytest.mark.parametrize("kind", ["traded", "vetoed_by_regime"])
def test_why_shows_every_gate_with_number_and_limit(whole: Demo, kind: str) -> None:
    """Traded or vetoed, no gate is left out: regime and posterior, level, holds, and each risk check."""
    row = decision_of(whole, kind)
    checks = json.loads(str(row["checks"]))

    told = whole.tidegate("why", str(row["id"]))

    risk = told[told.index("\nrisk\n") :].splitlines()
    assert list(CHECKS) == [name for name, _, _ in checks]
    for name, number, limit in checks:
        (line,) = [line for line in risk if line.startswith(f"{name}  ") and line.split()[-1] in {"yes", "NO"}]
        assert [cell("number", number), cell("limit", limit)] == line.removeprefix(name).split()[:2]
    for word in ("posterior", "gate", "level", "holds", "intent", kind, str(row["gate_reason"])):
        assert word in told
    assert re.search(r"regime (not )?allowed: 0\.\d+, enters at 0\.6, leaves below 0\.4", told)


def test_why_follows_a_traded_decision_to_its_money(whole: Demo) -> None:
    """The order it gave, the deals that came of it and the outcome they made belong to it."""
    row = decision_of(whole, "traded")

    (told,) = json.loads(f"[{whole.tidegate('why', str(row['id']), '--json')}]")

    assert "FILLED" == told["orders"][0]["state"]
    assert ["in", "out"] == [deal["entry"] for deal in told["deals"]]
    made = sum(deal[part] for deal in told["deals"] for part in ("profit", "commission", "swap", "fee"))
    assert round(made, 2) == round(told["outcomes"][0]["net"], 2)


def test_why_shows_what_a_vetoed_decision_would_have_made(whole: Demo) -> None:
    """A vetoed decision gave no order; where a shadow book traded on it, that stands apart."""
    shadow = {row["decision"] for row in table(whole.journal, "outcomes") if row["book"] == "shadow"}
    vetoed = [row for row in table(whole.journal, "decisions") if row["class"] == "vetoed_by_regime"]
    row = next(row for row in vetoed if row["id"] in shadow)

    (told,) = json.loads(f"[{whole.tidegate('why', str(row['id']), '--json')}]")

    assert [] == told["orders"] == told["deals"] == told["outcomes"]
    assert {"regime", "all"} >= {outcome["gate"] for outcome in told["shadows"]} > set()
