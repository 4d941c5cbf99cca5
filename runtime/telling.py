"""How a daemon tells its people on call: what stands after each fact, and what has happened."""

from typing import Protocol

from runtime.alerts.router import Router
from runtime.core.alarms import alarms_of
from runtime.core.core import Core
from runtime.core.instructions import Alert
from runtime.core.kinds import Alarm
from runtime.pace import Pace
from runtime.switch import Switch


class Listener(Protocol):
    """Who is told."""

    def look(self) -> None:
        """Look at what stands now."""
        ...

    def happened(self, wish: Alert) -> None:
        """Take what has happened."""
        ...


class Hearing(Protocol):
    """Who hears at once of what a fact has led to."""

    people: Listener


class Daemon(Protocol):
    """Who tells."""

    core: Core
    switch: Switch
    pace: Pace
    router: Router | None

    @property
    def taker(self) -> Hearing:
        """What takes its facts."""
        ...


class Nobody:
    """Whom a daemon tells that has no people on call."""

    def look(self) -> None:
        """Look at nothing."""

    def happened(self, wish: Alert) -> None:
        """Tell nobody."""


class Telling:
    """Tells a router of one core."""

    def __init__(self, core: Core, switch: Switch, router: Router) -> None:
        """Look at a core, whose latch `switch` reads."""
        self.core, self.switch, self.router = core, switch, router
        self.unwatched: tuple[Alarm, ...] = ()
        """That nobody watches the account, as long as that is so."""

    def look(self) -> None:
        """Tell what stands now."""
        if self.core.ledger.run:
            found = alarms_of(self.core, self.router.standing, latched=self.switch.heard > 0)
            self.router.look(found + self.unwatched, self.core.ledger.holds)

    def watched(self, silence: str) -> None:
        """Tell that nobody watches the account, in words; empty: somebody does again."""
        self.unwatched = (Alarm("no_progress", "watch", silence),) if silence else ()
        self.look()

    def happened(self, wish: Alert) -> None:
        """Tell what has happened; what stands is told first, and tells by itself what is about nothing else."""
        self.look()
        if wish.about or wish.severity == "warn":
            self.router.happened(Alarm(wish.kind, wish.about or wish.text, wish.text))


def tell_by(daemon: Daemon, router: Router) -> Telling:
    """Have a daemon tell its people through a router, and return what tells them; `listening` begins and ends that."""
    telling = Telling(daemon.core, daemon.switch, router)
    daemon.router, daemon.taker.people = router, telling
    router.silent_s = lambda: daemon.pace.clock.elapsed() - daemon.pace.turned
    return telling
