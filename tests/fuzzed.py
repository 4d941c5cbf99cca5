"""An account at whose ears anything at all is said: what must hold whatever the bytes are, on bus and socket."""

import base64
import concurrent.futures

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import RANK, Command, Level, scope_problem
from runtime.bus.ear import Ear, Reply, Wanted
from runtime.bus.telemetry import telling_of
from runtime.core.facts import PersonFact
from runtime.operator import latch
from runtime.operator.control import Asked, Control
from runtime.operator.judge import Told, answer_of
from runtime.operator.signing import Refusal, Role
from tests.latches import command
from tests.listeners import ACCOUNT, House, Walls
from tests.signers import NOW, told

ROLES: tuple[Role, ...] = ("viewer", "phone", "operator", "risk", "daemon")
WORDS = (*RANK, "status", "burn")
LEVELS: tuple[Level, ...] = ("run", "halt")
"""Where the accounts stand that are spoken to."""
ANEW = 500
"""After so many inputs nothing is remembered of what was obeyed before."""


class Cut:
    """Numbers and choices out of bytes, for as long as there are some."""

    def __init__(self, data: bytes) -> None:
        """Begin at their beginning."""
        self.data, self.place = data, 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, count: int = 1) -> int:
        """Return a number of so many bytes, signed where there are several."""
        return int.from_bytes(self.take(count), "big", signed=count > 1)

    def one_of(self, choices: tuple[Any, ...]) -> Any:  # noqa: ANN401 - one of them
        """Return one."""
        return choices[self.number() % len(choices)]


class Fuzzed:
    """The ears, and what was let through."""

    def __init__(self, folder: Path) -> None:
        """Make an account for each level, of the same people."""
        self.houses = [House(folder / level, level) for level in LEVELS]
        self.signed: set[tuple[str, bytes]] = set()
        """Who has signed what: nothing else may be taken for theirs."""
        self.counts: Counter[str] = Counter()
        self.passed: list[Command | PersonFact] = []
        """What the socket's ear has let through."""
        self.control = Control(
            self.houses[1].state, lambda: {"level": "halt"}, self._handed, lambda: None, self._handed,
            let_fall=self._fallen,
        )  # fmt: skip
        self.ears: list[Ear] = []

    def close(self) -> None:
        """Listen no more."""
        self.control.close()

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with: what is right, of each kind."""
        words = [told(word, generation=1) for word in (*RANK, "status")]  # type: ignore[arg-type] # they are words
        raws = [self._sign(0, role, msgspec.json.encode(word)) for role in ROLES for word in words]
        asker = b'{"id":"x","who":"y","why":"z","wall":1}'
        fact = b'{"do":"ask","fact":{"type":"HoldLifted","at":1,"hold":"BREAK","asker":%s}}' % asker
        frames = [
            msgspec.json.encode(Asked(do="level", command=command(level, scope=scope)))
            for level in RANK for scope in ("", "symbol:GOLD")
        ]  # fmt: skip
        payloads = [bytes([0, n]) + msgspec.json.encode(word) for n in range(5) for word in words]
        payloads.append(bytes([0, 2]) + msgspec.json.encode(words[0]).replace(b"a test", b"\xff"))
        return [
            *(b"\0\0" + raw for raw in raws), *(b"\1" + raw for raw in payloads),
            *(bytes([2, 0, n, word]) + bytes(40) for n in range(5) for word in range(6)),
            *(b"\3" + raw for raw in (*frames, b'{"do":"status"}', b'{"do":"\xff"}', fact)),
        ]  # fmt: skip

    def one(self, data: bytes) -> None:
        """Say something: by the first byte as it is, signed, in order but for its numbers, or at the local socket."""
        if self.counts["inputs"] % ANEW == 0:
            self.ears = [house.ear(Walls(NOW)) for house in self.houses]
        self.counts["inputs"] += 1
        cut = Cut(data)
        kind = cut.number() % 4
        if kind == 3:
            self._frame(data[1:])
            return
        place = cut.number() % 2
        if kind == 0:
            self._raw(place, data[2:])
        else:
            role = cut.one_of(ROLES)
            payload = data[cut.place :] if kind == 1 else _payload(cut)
            self._raw(place, self._sign(place, role, payload), desired=kind == 2 and cut.number() % 4 == 0)

    # --- the bus ----------------------------------------------------------------------------------------------------

    def _sign(self, place: int, role: Role, payload: bytes) -> bytes:
        raw = self.houses[place].signer(role).sign(payload)
        if len(self.signed) > 10_000:
            self.signed.clear()
        self.signed.add((self.houses[place].signer(role).kid, payload))
        return raw

    def _raw(self, place: int, raw: bytes, *, desired: bool = False) -> None:
        house, ear = self.houses[place], self.ears[place]
        assert isinstance(answer_of(raw, house.known, ACCOUNT, NOW), Refusal), "no person's word is an answer"
        assert isinstance(telling_of(raw, house.known, ACCOUNT, NOW), Refusal), "nor telemetry"
        done, found = set(ear.done), ear.hear(raw, desired=desired)
        if isinstance(found, Wanted):
            self._wanted(found, raw, LEVELS[place], ear, done)
        elif isinstance(found, Reply):
            answer = answer_of(found.payload, house.known, ACCOUNT, NOW)
            assert not isinstance(answer, Refusal), answer
            self.counts["answered: " + (answer.problem.partition(":")[0] or "yes")] += 1
        else:
            self.counts["passed over"] += 1
        assert (LEVELS[place], 1) == house.level, "hearing alone changes nothing"

    def _wanted(self, wanted: Wanted, raw: bytes, level: Level, ear: Ear, done: set[str]) -> None:
        said, key = wanted.heard.told, wanted.heard.key
        payload = base64.urlsafe_b64decode(raw.split(b".")[1] + b"==")
        assert (key.kid, payload) in self.signed, "nobody has signed that"
        assert wanted.ident not in done, "it was obeyed before"
        may(said, key.role, level, ear.memory.get(key.kid, 0))
        ear._obeyed(wanted)
        self.counts["tightened" if wanted.tighten else "loosened"] += 1

    # --- the socket -------------------------------------------------------------------------------------------------

    def _frame(self, raw: bytes) -> None:
        self.passed.clear()
        answer = self.control._answer(raw)
        msgspec.json.encode(answer)
        for one in self.passed:
            why = one.why if isinstance(one, Command) else one.asker.why
            assert why.strip(), "nothing is done without a reason"
            assert not isinstance(one, Command) or not scope_problem(one.scope)
        if not self.passed:
            assert not answer["ok"] or "level" in answer, "only a status is answered well without an effect"
        self.counts["at the socket: " + ("done" if self.passed else "answered" if answer["ok"] else "refused")] += 1

    def _fallen(self, wanted: Command) -> dict[str, Any]:
        if RANK[wanted.level] < RANK["halt"]:
            raise latch.LatchError("it would loosen")
        self.passed.append(wanted)
        return {"ok": True, "generation": 2}

    def _handed(self, wanted: Command | PersonFact) -> "concurrent.futures.Future[dict[str, Any]]":
        self.passed.append(wanted)
        answer: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
        answer.set_result({"ok": True})
        return answer


def may(said: Told, role: Role, level: Level, last: int) -> None:
    """Show that what is about to be done may be done: told once more, in other words than those of the house."""
    assert said.account == ACCOUNT
    assert said.why.strip()
    assert role in {"phone", "operator", "risk"}
    assert said.command != "status"
    own = level if not said.arguments.scope else "run"
    if RANK[said.command] < RANK[own]:
        assert role in {"operator", "risk"}, "loosened by one who may not"
        assert said.issued - 10_000 <= NOW < said.expires, "loosened too early, or too late"
        assert said.issued >= NOW - 60_000, "loosened by what is old"
        assert said.sequence > last, "loosened by what was said before"
        assert said.arguments.generation == 1, "loosened by one who has not looked"


def _payload(cut: Cut) -> bytes:
    """Return a command that is one in form, mostly."""
    word = cut.one_of(WORDS)
    return msgspec.json.encode({
        "version": 1 + (cut.number() == 255), "account": cut.one_of((ACCOUNT,) * 7 + ("another",)), "command": word,
        "arguments": {
            "force": cut.number() % 2 == 1, "generation": cut.one_of((1, 1, 1, 0, -1, 2)),
            "scope": cut.one_of(("", "", "symbol:GOLD", "strategy:x", "model:", "what")),
        },
        "why": cut.one_of(("smoke", "smoke", " ", "\ud800".encode("utf-8", "replace").decode())),
        "id": f"id-{cut.number(2):08}", "sequence": cut.one_of((1, 7, 7, 2**62)) + cut.number(2),
        "issued": NOW + cut.number(3), "expires": NOW + cut.number(3),
    })  # fmt: skip
