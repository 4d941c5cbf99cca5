"""The ear for signed commands: what is obeyed, once, what is refused, and that either is told and answered."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from runtime.bus.ear import LATCHED_A_MINUTE, WRITTEN_A_MINUTE
from runtime.operator import latch
from runtime.operator.keyfiles import read_ring, revoke_key
from runtime.operator.signing import Role
from tests.latches import latched
from tests.listeners import House, Walls
from tests.signers import NOW, told


def test_a_halt_falls_before_it_is_answered(house: House) -> None:
    """The signed answer tells where the latch stands, the journal who asked; the command's own id is latched."""
    answer = house.work(house.ear(Walls(NOW)), house.signed("phone", told("halt")))
    (judged,) = house.judged

    assert answer is not None
    assert (True, "halt", 2, False) == (answer.ok, answer.level, answer.generation, answer.again)
    assert ("phone", "halt", "command-0001", 7, "") == (
        judged.who, judged.command, judged.ident, judged.sequence, judged.refused,
    )  # fmt: skip
    assert ("halt", 2) == house.level


def test_a_command_that_comes_twice_is_obeyed_once(house: House) -> None:
    """Also by a daemon that has died between its latch and its journal: the latch's log knows the id."""
    raw = house.signed("operator", told("halt"))
    ear = house.ear(Walls(NOW))
    first, second = house.work(ear, raw), house.work(ear, raw)
    third = house.work(house.ear(Walls(NOW)), raw)

    assert [(True, False, 2), (True, True, 2), (True, True, 2)] == [
        (a.ok, a.again, a.generation) for a in (first, second, third) if a is not None
    ]
    assert 1 == len(house.judged)


def test_a_halt_that_comes_again_does_not_undo_a_resume(house: House) -> None:
    """The broker repeats what it had no acknowledgement for; a new halt with an old sequence is a halt."""
    ear = house.ear(Walls(NOW))
    raw = house.signed("operator", told("halt", sequence=7))
    house.work(ear, raw)
    resumed = house.work(ear, house.signed("operator", told("run", id="command-0002", sequence=8, generation=2)))
    house.work(ear, raw)
    after = house.level
    house.work(ear, house.signed("operator", told("halt", id="command-0003", sequence=1, issued=0)))

    assert resumed is not None
    assert (True, "run", 3) == (resumed.ok, resumed.level, resumed.generation)
    assert (("run", 3), ("halt", 4)) == (after, house.level)


def test_a_resume_is_handed_to_the_daemon_with_what_its_sender_has_seen(house: House) -> None:
    """It is not latched by the ear; sent again under another id with its old sequence, it is a replay."""
    latched_at = house.ear(Walls(NOW))
    house.work(latched_at, house.signed("operator", told("halt")))
    resume = told("run", id="command-0002", sequence=8, generation=2)
    house.work(latched_at, house.signed("operator", resume))
    house.work(latched_at, house.signed("risk", told("halt", id="command-0004")))
    again = told("run", id="command-0003", sequence=8, generation=4)
    refused = house.work(latched_at, house.signed("operator", again))

    assert [("run", "mqtt", 2)] == [(command.level, command.path, since) for command, since in house.handed]
    assert refused is not None
    assert (False, "replay: its sequence is 8, after 8 was heard") == (refused.ok, refused.problem)
    assert (refused.problem, ("halt", 4)) == (house.judged[-1].refused, house.level)


def test_a_refusal_is_told_with_its_reason_and_answered_to_who_has_signed(house: House) -> None:
    """A stranger gets no answer: nobody knows where to send it."""
    ear = house.ear(Walls(NOW))
    viewer = house.work(ear, house.signed("viewer", told("halt")))
    junk = house.work(ear, b"junk")
    (first, second) = house.judged

    assert viewer is not None
    assert "role: a viewer may not tighten" == viewer.problem == first.refused
    assert (None, "form: no signed text", "") == (junk, second.refused, second.who)
    assert ("run", 1) == house.level


def test_what_is_kept_by_the_broker_only_tightens_and_says_nothing(house: House) -> None:
    """A daemon that was away obeys the last halt, however it missed it; what is over or looser it does not."""
    ear = house.ear(Walls(NOW))
    over = house.work(ear, house.signed("risk", told("halt", expires=NOW)), desired=True)
    before = house.level
    new = house.work(ear, house.signed("risk", told("halt", id="command-0002")), desired=True)
    house.work(ear, house.signed("risk", told("run", id="command-0003", generation=2)), desired=True)

    assert (None, None, ("run", 1), ("halt", 2)) == (over, new, before, house.level)
    assert ["expired", "", "form"] == [fact.refused.partition(":")[0] for fact in house.judged]


def test_a_flood_of_refusals_is_counted_and_not_written_one_by_one(house: House) -> None:
    """A journal is not for strangers to fill; the first one of the next minute says how many there were."""
    clock = Walls(NOW)
    ear = house.ear(clock)
    for _ in range(WRITTEN_A_MINUTE + 70):
        ear.hear(b"junk")
    many = len(house.judged)
    clock.run = 61.0
    ear.hear(b"junk")

    assert (WRITTEN_A_MINUTE, 0, 70) == (many, house.judged[-2].unwritten, house.judged[-1].unwritten)


def test_a_flood_of_halts_latches_no_more_once_it_is_halted(house: House) -> None:
    """Each is answered: it is halted; a tighter level falls all the same."""
    clock = Walls(NOW)
    ear = house.ear(clock)
    answers = [
        house.work(ear, house.signed("phone", told("halt", id=f"command-{n:04}"))) for n in range(LATCHED_A_MINUTE + 5)
    ]
    flat = house.work(ear, house.signed("phone", told("flatten", id="command-flat")))

    assert {True} == {answer is not None and answer.ok for answer in answers}
    assert flat is not None
    assert ("flatten", 3 + LATCHED_A_MINUTE) == (flat.level, flat.generation)


def test_a_key_that_is_revoked_is_refused_at_once(house: House) -> None:
    """The ring is read anew when its file has changed; one that was spoilt meanwhile changes nothing."""
    ear = house.ear(Walls(NOW))
    phone = next(key for key in read_ring(house.ring).keys if key.role == "phone")
    revoke_key(phone.kid, house.ring, NOW)
    house.work(ear, house.signed("phone", told("halt")))
    house.ring.write_text("spoilt")
    house.work(ear, house.signed("risk", told("halt", id="command-0002")))

    assert ["key: the key of phone was revoked", ""] == [fact.refused for fact in house.judged]
    assert ("halt", 2) == house.level


def test_an_ear_without_a_ring_is_refused_before_anything_runs(house: House) -> None:
    """A daemon that could be halted by nobody over the bus must not believe that it can."""
    house.ring.unlink()

    with pytest.raises(ConfigError, match=r"bus\.operators"):
        house.ear(Walls(NOW))


@pytest.mark.parametrize(
    ("second", "later_s", "generation", "expected"),
    [
        ("risk", 300.0, 2, ""),
        ("risk", 301.0, 2, "alone"),
        ("operator", 1.0, 2, "alone"),
        ("phone", 1.0, 2, "role"),
        ("risk", 1.0, 1, "changed"),
    ],
)
def test_where_two_people_are_needed_nobody_loosens_alone(
    house: House, second: Role, later_s: float, generation: int, expected: str
) -> None:
    """The same person twice is one, and both must have seen the latch as it stands; tightening needs nobody else."""
    clock = Walls(NOW)
    ear = house.ear(clock, two_people=True)
    halted = house.work(ear, house.signed("phone", told("halt")))
    first = house.work(ear, house.signed("operator", told("run", id="command-0002", generation=2)))
    clock.run += later_s
    asked = told("run", id="command-0003", sequence=9, generation=generation)
    then = house.work(ear, house.signed(second, asked))

    assert halted is not None
    assert first is not None
    assert then is not None
    assert (True, "alone") == (halted.ok, first.problem.partition(":")[0])
    assert (expected, "halt" if expected else "run") == (then.problem.partition(":")[0], house.level[0])


def test_a_halt_that_ends_a_flatten_says_what_was(house: House) -> None:
    """Whoever halts has to know that positions stay open which somebody wanted closed."""
    ear = house.ear(Walls(NOW))
    house.work(ear, house.signed("risk", told("flatten")))
    answer = house.work(ear, house.signed("phone", told("halt", id="command-0002")))

    assert answer is not None
    assert ("halt", "flatten") == (answer.level, answer.was)


def test_a_question_is_answered_and_changes_nothing(house: House) -> None:
    """A viewer may ask; it is not journaled."""
    house.sent["positions"] = 3
    answer = house.work(house.ear(Walls(NOW)), house.signed("viewer", told("status", why="")))

    assert answer is not None
    assert (True, "run", 1, 3, []) == (answer.ok, answer.level, answer.generation, answer.positions, house.facts)


def test_what_the_disk_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A latch that cannot be written is a reason to stop the daemon, by hand."""

    def refused(*_: object) -> None:
        raise OSError(30, "read-only file system")

    house = House(tmp_path)
    ear = house.ear(Walls(NOW))
    wanted = ear.hear(house.signed("phone", told("halt")))
    monkeypatch.setattr(latch, "_write_word", refused)
    answer = house.answered(ear.tighten(wanted))  # type: ignore[arg-type] # it is wanted

    assert (False, "run") == (answer.ok, answer.level)
    assert answer.problem.startswith("not latched")


def test_where_somebody_tightens_meanwhile_a_command_that_would_loosen_now_is_refused(house: House) -> None:
    """It was judged as one that tightens."""
    ear = house.ear(Walls(NOW))
    wanted = ear.hear(house.signed("phone", told("close-only")))
    latched(house.folder / "other", "run")
    house.work(ear, house.signed("risk", told("halt", id="command-0002")))
    answer = house.answered(ear.tighten(wanted))  # type: ignore[arg-type] # it is wanted

    assert (False, "changed: the latch was tightened meanwhile") == (answer.ok, answer.problem)
    assert ("halt", 2) == house.level
