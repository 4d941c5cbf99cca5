"""A decision is made by position; here every field is read back by its name."""

import math

import msgspec

from runtime.core.decision import Decision
from runtime.core.risk import limits_of
from tests.cores import LIMITS, a_gated_plan, buy, closed, hour
from tests.told import Told


def test_every_field_of_a_decision_stands_under_its_own_name() -> None:
    """One decision with a number of its own in every field, told apart by name."""
    told = Told(a_gated_plan({4: buy(2.0, target=3.0)}))
    told.tell(closed(3, 101.0))

    d = told.tell(closed(4, 102.0, bid=102.5, spread=0.3)).decisions[0]

    reading, lane = told.core.readings[0], told.core.lanes[0]
    expected = {
        "run": 1, "n": 2, "at": hour(5), "bar_time": hour(4), "strategy": "lane1", "symbol": "XAUUSD",
        "timeframe": "H1", "outcome": "traded", "action": 1.0, "kind": "market", "score": 5.0,
        "features": ((100.0 + 101.0 + 102.0) / 3.0,), "position": 0, "held_bars": 0, "bid": 102.5, "ask": 102.8,
        "regime": reading.ordinal, "posterior": reading.posterior, "log_density": reading.log_density,
        "novelty": reading.novelty,
        "gate_mode": "enforce", "gate_open": True, "gate_reason": "regime allowed", "allowed": lane.allowed,
        "exposure": 1.0, "shut": "", "level": "run", "holds": (), "numbers": d.numbers, "limits": limits_of(LIMITS),
        "reasons": (), "side": 1,
        "volume": 0.5, "price": 102.8, "stop": 100.8, "target": 105.8, "risk": 100.0,
        "instruction": lane.order, "magic": told.core.ledger.orders[lane.order].magic,
        "model": reading.model.fingerprint, "config": "c0",
    }  # fmt: skip
    assert list(expected) == list(Decision.__struct_fields__)
    assert expected == msgspec.structs.asdict(d)
    assert not any(math.isnan(x) for x in d.numbers)
