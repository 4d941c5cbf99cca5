"""Laws of the ear, whatever is said in whatever order: nobody does more than his role, and nothing happens twice."""

import tempfile

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.latch import RANK, Level
from runtime.operator import latch
from runtime.operator.signing import Role
from tests.listeners import House, Walls
from tests.signers import NOW, told

SAID = st.tuples(
    st.sampled_from(["viewer", "phone", "operator", "risk", "daemon"]),
    st.sampled_from([*RANK, "status"]),
    st.integers(1, 6),
    st.sampled_from([NOW - 3_600_000, NOW - 1000, NOW, NOW + 3_600_000]),
    st.integers(-1, 4),
    st.booleans(),
)
"""Who says what, under which sequence and when, knowing which generation; whether the broker had kept it."""


@settings(max_examples=12, deadline=None)
@given(st.lists(SAID, max_size=7), st.data())
def test_no_order_of_commands_lets_anybody_do_more_than_his_role(said: list[Any], data: st.DataObject) -> None:
    """Only fresh words of operators and risk ever loosen, each sequence once; each id is latched once at most."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        ear = house.ear(Walls(NOW))
        raws: list[tuple[bytes, bool]] = []
        for n, (role, command, sequence, issued, generation, desired) in enumerate(said):
            words = told(
                command, id=f"command-{n:04}", sequence=sequence, issued=issued, expires=issued + 30_000,
                generation=generation,
            )  # fmt: skip
            raws.append((house.signed(role, words), desired))
            raws.append(data.draw(st.sampled_from(raws), "and what is repeated"))
        for raw, desired in raws:
            house.work(ear, raw, desired=desired)
        changes = [entry.command for entry in latch.logged(house.state, 1)]

    roles: dict[str, Role] = {key.who: key.role for key in house.known.keys}
    before: list[Level] = ["run", *(change.level for change in changes)]
    loosened = [change for change, was in zip(changes, before, strict=False) if RANK[change.level] < RANK[was]]
    assert len({change.id for change in changes}) == len(changes)
    assert {roles[change.who] for change in changes} <= {"phone", "operator", "risk"}
    assert {roles[change.who] for change in loosened} <= {"operator", "risk"}
    assert all(NOW - 60_000 <= change.wall <= NOW for change in loosened)
