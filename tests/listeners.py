"""An account that listens to a bus; its daemon does what it is told, and remembers what it was told."""

import concurrent.futures
import functools

from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, Level
from config.remote import RemoteSection
from config.secrets import SecretRef
from runtime.bus.ear import Ear, Reply, Wanted
from runtime.bus.hooks import Hooks
from runtime.bus.listener import Listener
from runtime.bus.mqtt import Mqtt
from runtime.bus.port import Broker
from runtime.clock import Clock
from runtime.core.facts import CommandJudged
from runtime.operator import latch
from runtime.operator.judge import Answer, Told, answer_of
from runtime.operator.keyfiles import new_key, read_ring, read_signer
from runtime.operator.signing import Role, Signer
from tests.latches import latched

ROLES: tuple[Role, ...] = ("viewer", "phone", "operator", "risk")
ACCOUNT = "demo"


class Walls(Clock):
    """A clock that tests set."""

    def __init__(self, wall: int) -> None:
        """Stand at a moment."""
        self.wall, self.run = wall, 0.0

    def wall_ms(self) -> int:
        """Return the moment."""
        return self.wall

    def elapsed(self) -> float:
        """Return the seconds that were let pass."""
        return self.run


class House:
    """The files of an account and of all who may command it, and its daemon's end of what is asked."""

    def __init__(self, folder: Path, level: Level = "run") -> None:
        """Make keys and a latch."""
        self.folder, self.ring = folder, folder / "ring.json"
        self.state = latched(folder / "state", level)
        new_key(ACCOUNT, "daemon", self.ring, self.key("daemon"))
        for role in ROLES:
            new_key(role, role, self.ring, self.key(role))
        self.known = read_ring(self.ring)
        self.facts: list[Any] = []
        self.handed: list[tuple[Command, int]] = []
        self.sent: dict[str, int] = {"resting": 0, "in_doubt": 0, "positions": 0}

    def key(self, role: Role) -> Path:
        """Return the file of somebody's private key."""
        return self.folder / f"{role}.jwk"

    @property
    def judged(self) -> list[CommandJudged]:
        """What was judged, in its order."""
        return [fact for fact in self.facts if isinstance(fact, CommandJudged)]

    @property
    def level(self) -> tuple[Level, int]:
        """Where the latch stands."""
        now = latch.read(self.state)
        return now.level, now.generation

    def status(self) -> dict[str, Any]:
        """Return what a daemon would say, that has read the latch."""
        level, generation = self.level
        return {"level": level, "generation": generation, "left": [], "scoped": {}, "scopes": {}, **self.sent}

    def loosen(self, command: Command, since: int) -> "concurrent.futures.Future[dict[str, Any]]":
        """Loosen as a daemon does."""
        self.handed.append((command, since))
        answer: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
        try:
            latch.loosen(self.state, command, since)
            answer.set_result({"ok": True})
        except latch.LatchError as error:
            answer.set_result({"ok": False, "problem": str(error)})
        return answer

    @property
    def hooks(self) -> Hooks:
        """What the daemon lets be done with it."""
        return Hooks(status=self.status, loosen=self.loosen, wake=lambda: None, tell=self.facts.append, at=lambda: 5)

    def ear(self, clock: Clock, *, two_people: bool = False) -> Ear:
        """Return a new-born ear."""
        signer = read_signer(self.key("daemon"))
        return Ear(self.state, ACCOUNT, self.ring, signer, {}, self.hooks, clock, two_people=two_people)

    @functools.cache  # noqa: B019 - a house lasts as long as its test
    def signer(self, role: Role) -> Signer:
        """Return somebody's key."""
        return read_signer(self.key(role))

    def signed(self, role: Role, told: Told) -> bytes:
        """Return a command that somebody has signed."""
        return self.signer(role).sign(msgspec.json.encode(told))

    def answered(self, reply: Reply | None) -> Answer:
        """Return the answer in a reply."""
        assert reply is not None
        answer = answer_of(reply.payload, self.known, ACCOUNT, 0)
        assert isinstance(answer, Answer)
        return answer

    def work(self, ear: Ear, raw: bytes, *, desired: bool = False) -> Answer | None:
        """Have a command worked to its end; return the answer, None where there is none."""
        found = ear.hear(raw, desired=desired)
        if isinstance(found, Wanted):
            found = ear.tighten(found) if found.tighten else ear.loosened(found, ear.loosen(found).result())
        return None if found is None else self.answered(found)

    def listener(self, port: int, silent_s: float = 2.0, **broker: Any) -> Listener:  # noqa: ANN401 - of the broker
        """Return who listens at a broker on this machine."""
        bus = Mqtt(Broker(**{"host": "127.0.0.1", "port": port, "tls": False, **broker}))
        return Listener(bus, self.ear(Clock()), silent_s, self.hooks, Clock())

    def remote(self, role: Role, port: int, password: Path | None = None, **broker: Any) -> RemoteSection:  # noqa: ANN401
        """Return how somebody commands the account from elsewhere."""
        said = {"host": "127.0.0.1", "port": port, "tls": False, **broker}
        return RemoteSection(
            account=ACCOUNT, key=str(self.key(role)), operators=str(self.ring),
            password=SecretRef(file=str(password)) if password else None, **said,
        )  # fmt: skip
