"""Signed commands: who may what, and what a command must be to be obeyed, by a fixed list of reasons."""

import base64

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jws

from brokers.latch import RANK, Latch
from runtime.operator.judge import MAY, Answer, Heard, Memory, Told, answer_of, judge, read
from runtime.operator.signing import LONGEST, Refusal, Ring, Role, Signed
from tests.signers import ACCOUNT, AT_HALT, AT_RUN, NOW, pinned, ring, signed, signer, told

ROLES: tuple[Role, ...] = ("viewer", "phone", "operator", "risk", "daemon")
HOUR = 3_600_000


def heard(role: Role, command: Told) -> Heard:
    """Return a command as it arrives at one who knows everybody."""
    found = read(signed(role, command), ring(), NOW)
    assert isinstance(found, Heard)
    return found


def fault(role: Role, command: Told, latch: Latch = AT_HALT, memory: Memory | None = None) -> str:
    """Return for which reason a command is refused; empty where it is obeyed."""
    found = judge(heard(role, command), ACCOUNT, memory or {}, latch, NOW)
    return found.fault if found else ""


# --- who has signed it ------------------------------------------------------------------------------------------------


def test_a_signed_command_arrives_as_it_was_signed() -> None:
    """With whose key it was."""
    command = told("halt")

    assert Heard(command, pinned("operator")) == read(signed("operator", command), ring(), NOW)


def test_one_key_signs_and_another_is_not_taken_for_it() -> None:
    """A command under an operator's kid that a phone has signed is nobody's."""
    header = {"alg": "Ed25519", "kid": signer("operator").kid}
    raw = jws.serialize_compact(header, b"{}", signer("phone")._key, algorithms=["Ed25519"]).encode()

    found = ring().open(raw, NOW)

    assert Refusal("signature", "it is not what the operator has signed") == found


def test_a_command_that_was_changed_on_its_way_is_refused() -> None:
    """One letter of it is enough."""
    head, _, mark = signed("operator", told("halt")).split(b".")
    other = base64.urlsafe_b64encode(msgspec.json.encode(told("run"))).rstrip(b"=")
    found = ring().open(b".".join((head, other, mark)), NOW)

    assert isinstance(found, Refusal)
    assert "signature" == found.fault


@pytest.mark.parametrize("algorithm", ["EdDSA", "none", "HS256", "RS256", "ed25519", ""])
def test_no_other_algorithm_is_listened_to(algorithm: str) -> None:
    """Which one it was is not for the sender to say: `none` needs no key, and HS256 takes a public one for a secret."""
    head = base64.urlsafe_b64encode(msgspec.json.encode({"alg": algorithm, "kid": signer("risk").kid})).rstrip(b"=")
    _, body, mark = signed("risk", told("run")).split(b".")
    found = ring().open(b".".join((head, body, mark)), NOW)

    assert isinstance(found, Refusal)
    assert "algorithm" == found.fault


@pytest.mark.parametrize("more", [{"jwk": pinned("risk").x}, {"jku": "https://x"}, {"crit": ["b64"], "b64": False}])
def test_a_header_that_says_more_than_alg_and_kid_is_refused(more: dict[str, Any]) -> None:
    """What it says of where keys are found, or of how to read it, is not listened to."""
    said = {"alg": "Ed25519", "kid": signer("risk").kid, **more}
    head = base64.urlsafe_b64encode(msgspec.json.encode(said)).rstrip(b"=")
    _, body, mark = signed("risk", told("run")).split(b".")
    found = ring().open(b".".join((head, body, mark)), NOW)

    assert isinstance(found, Refusal)
    assert "form" == found.fault


def test_a_key_that_nobody_has_pinned_opens_nothing() -> None:
    """However well it signs."""
    found = ring("viewer").open(signed("operator", told("halt")), NOW)

    assert Refusal("key", "nobody we know has signed it") == found


def test_a_revoked_key_opens_nothing_from_its_moment_on() -> None:
    """Until then it does: a rotated key may lie on machines that do not know the new one yet."""
    until = Ring((msgspec.structs.replace(pinned("operator"), until=NOW),))
    raw = signed("operator", told("halt"))
    before, after = until.open(raw, NOW - 1), until.open(raw, NOW)

    assert isinstance(before, Signed)
    assert Refusal("key", "the key of the operator was revoked") == after


def test_what_is_too_long_is_not_looked_at() -> None:
    """Nobody keeps a daemon busy with a long text."""
    found = ring().open(b"x" * (LONGEST + 1), NOW)

    assert Refusal("form", f"longer than {LONGEST} bytes") == found


@pytest.mark.parametrize(
    "change",
    [
        {"command": "buy"}, {"id": "short"}, {"sequence": 0}, {"sequence": 2**63}, {"version": 2}, {"more": 1},
        {"issued": -1}, {"expires": None}, {"arguments": {"generation": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_command_is_refused_though_it_is_signed(change: dict[str, Any]) -> None:
    """Every field is of its type, and no field is unknown."""
    payload = msgspec.json.encode({**msgspec.to_builtins(told("halt")), **change})
    found = read(signer("operator").sign(payload), ring(), NOW)

    assert isinstance(found, Refusal)
    assert ("form", True) == (found.fault, found.why.startswith("the operator signed what is no command"))


@given(st.binary(max_size=300) | st.lists(st.binary(max_size=60), max_size=5).map(b".".join))
def test_whatever_arrives_is_refused_and_breaks_nothing(raw: bytes) -> None:
    """A stranger's bytes end in a reason."""
    assert isinstance(read(raw, ring(), NOW), Refusal)


@given(st.data())
def test_no_change_of_a_signed_command_is_obeyed_as_another(data: st.DataObject) -> None:
    """Cut, doubled, or with other bytes in it: it is refused, or it is what was signed."""
    raw = signed("operator", told("halt"))
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start, len(raw)))
    changed = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]
    found = read(changed, ring(), NOW)

    assert isinstance(found, Refusal) or told("halt") == found.told


def test_keys_of_which_one_is_none_make_no_ring() -> None:
    """A wrong thumbprint would let one key stand for another."""
    wrong = msgspec.structs.replace(pinned("risk"), kid=signer("phone").kid)

    with pytest.raises(ValueError, match="expected its thumbprint"):
        Ring((wrong,))
    with pytest.raises(ValueError, match="no Ed25519 key"):
        Ring((msgspec.structs.replace(pinned("risk"), x="AAAA"),))


# --- whether it may be obeyed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("level", RANK)
@pytest.mark.parametrize("command", [*RANK, "status"])
def test_each_role_may_what_the_table_says_and_nothing_else(role: Role, level: Any, command: Any) -> None:  # noqa: ANN401
    """A phone tightens and never loosens, a viewer only looks; what is tighter depends on where the latch stands."""
    act = "look" if command == "status" else "tighten" if RANK[command] >= RANK[level] else "loosen"
    found = fault(role, told(command), Latch(level=level, generation=AT_HALT.generation))

    assert ("" if act in MAY[role] else "role") == found


def test_the_table_of_roles_is_this() -> None:
    """Read it as it stands: nobody becomes more by a slip of the pen."""
    every = frozenset({"look", "tighten", "loosen"})
    expected = {
        "viewer": frozenset({"look"}), "phone": frozenset({"look", "tighten"}), "operator": every, "risk": every,
        "daemon": frozenset(),
    }  # fmt: skip

    assert expected == MAY


@pytest.mark.parametrize("command", ["close-only", "halt", "flatten"])
@pytest.mark.parametrize(
    "untimely",
    [
        {"expires": NOW - HOUR}, {"issued": NOW + HOUR, "expires": NOW + 2 * HOUR}, {"issued": NOW - HOUR},
        {"sequence": 1}, {"generation": -1},
    ],
    ids=str,
)  # fmt: skip
def test_tightening_is_accepted_whatever_the_clocks_say(command: Any, untimely: dict[str, Any]) -> None:  # noqa: ANN401
    """Late, early, expired or out of its order: an account that somebody wants halted is halted."""
    found = fault("phone", told(command, **untimely), AT_RUN, {pinned("phone").kid: 100})

    assert not found


@pytest.mark.parametrize(
    ("untimely", "expected"),
    [
        ({}, ""),
        ({"expires": NOW}, "expired"),
        ({"issued": NOW + 10_001}, "clock"),
        ({"issued": NOW + 10_000}, ""),
        ({"issued": NOW - 60_001}, "late"),
        ({"sequence": 6}, "replay"),
        ({"sequence": 5}, "replay"),
        ({"generation": 4}, "changed"),
        ({"generation": -1}, "changed"),
        ({"account": "another"}, "account"),
        ({"why": "  "}, "form"),
    ],
    ids=str,
)
def test_loosening_must_be_fresh_in_sequence_and_know_the_latch(untimely: dict[str, Any], expected: str) -> None:
    """Each thing that is wrong with it is enough."""
    found = fault("operator", told("run", **untimely), AT_HALT, {pinned("operator").kid: 6})

    assert expected == found


def test_close_only_loosens_an_account_that_is_halted() -> None:
    """It came late, after somebody's halt: it must not undo it."""
    late = told("close-only", generation=AT_RUN.generation)

    assert "" == fault("operator", late, AT_RUN)
    assert "changed" == fault("operator", late, AT_HALT)
    assert "role" == fault("phone", late, AT_HALT)


def test_another_account_s_halt_is_not_ours() -> None:
    """Where the broker mixes up what is whose, nothing happens but that it is told."""
    assert "account" == fault("risk", told("halt", account="another"), AT_RUN)


# --- answers ----------------------------------------------------------------------------------------------------------


def answer(**fields: Any) -> Answer:  # noqa: ANN401 - of the answer
    """Return an answer to a command."""
    plain = {"account": ACCOUNT, "id": "command-0001", "ok": True, "level": "halt", "generation": 5, "issued": NOW}
    return Answer(**{**plain, **fields})


def test_only_the_account_s_own_daemon_answers_for_it() -> None:
    """An operator's signature under an answer proves nothing, nor another daemon's."""
    text = msgspec.json.encode(answer())
    other = Ring((signer("daemon").pinned("another", "daemon"),))
    own, people, foreign = (
        answer_of(signer("daemon").sign(text), ring(), ACCOUNT, NOW),
        answer_of(signer("operator").sign(text), ring(), ACCOUNT, NOW),
        answer_of(signer("daemon").sign(text), other, ACCOUNT, NOW),
    )

    assert answer() == own
    assert Refusal("role", "signed by the operator, who is not the daemon of demo") == people
    assert Refusal("role", "signed by another, who is not the daemon of demo") == foreign


def test_a_command_is_no_answer_and_an_answer_about_another_account_none_of_ours() -> None:
    """What is signed is looked at, too."""
    command = answer_of(signer("daemon").sign(msgspec.json.encode(told("halt"))), ring(), ACCOUNT, NOW)
    other = answer_of(signer("daemon").sign(msgspec.json.encode(answer(account="x"))), ring(), ACCOUNT, NOW)

    assert isinstance(command, Refusal)
    assert ("form", Refusal("account", "it is about x")) == (command.fault, other)


def test_a_private_key_shows_itself_nowhere() -> None:
    """Not printed, not formatted, not copied."""
    key = jwk.OKPKey.generate_key("Ed25519")
    secret = str(key.as_dict(private=True)["d"])
    shown = f"{signer('risk')!r} {signer('risk')} {signer('risk').secret()!r}"

    assert secret not in shown
    assert "Secret(***)" in shown
    with pytest.raises(TypeError):
        msgspec.msgpack.encode(signer("risk"))
    with pytest.raises(TypeError, match="not copied"):
        signer("risk").__reduce__()
