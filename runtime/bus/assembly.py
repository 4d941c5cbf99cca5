"""What listens for an account whose configuration has a section `bus`: keys, broker and topics put together."""

from collections.abc import Mapping
from pathlib import Path

from config.bus import BrokerSection, BusSection
from config.errors import ConfigError
from config.secrets import read_secret
from runtime.bus.ear import Ear
from runtime.bus.hooks import BusOf, Hooks, Listening
from runtime.bus.listener import Listener
from runtime.bus.mqtt import Mqtt
from runtime.bus.port import Broker, CommandBus
from runtime.bus.teller import Teller
from runtime.clock import Clock
from runtime.operator.keyfiles import read_ring, read_signer
from runtime.operator.signing import Signer


def bus_of(section: BusSection, account: str, folder: Path, clock: Clock) -> BusOf:
    """Return what makes an account's listener; ConfigError where keys, ring or certificate cannot be read.

    And where the ring does not know the daemon's key: nobody could believe its answers.
    """
    signer = read_signer(Path(section.key))
    if signer.kid not in read_ring(Path(section.operators)).daemons(account):
        make = f"tidegate keys new {account} --role daemon"
        raise ConfigError(f"bus.key: expected the daemon's own, which {section.operators} has as {make} writes it")
    return _Bus(section, account, folder, clock, signer, Mqtt(broker_of(section)))


def broker_of(section: BrokerSection) -> Broker:
    """Return where a broker is; ConfigError where its password cannot be read."""
    password = read_secret(section.password) if section.password else None
    return Broker(
        host=section.host, port=section.port, tls=section.tls, ca=section.ca, user=section.user, password=password
    )


class Lines:
    """Both lines of a daemon: the one it is commanded over, and the one it tells over."""

    def __init__(self, *lines: Listening) -> None:
        """Take them."""
        self.lines = lines

    def begin(self) -> None:
        """Begin with all."""
        for line in self.lines:
            line.begin()

    def close(self) -> None:
        """End all."""
        for line in self.lines:
            line.close()


class _Bus:
    """The bus of an account: made before its daemon is, and given to it."""

    def __init__(
        self, section: BusSection, account: str, folder: Path, clock: Clock, signer: Signer, bus: CommandBus
    ) -> None:
        """Take all that is known before a daemon runs."""
        self.section, self.account, self.folder = section, account, folder
        self.clock, self.signer, self.bus = clock, signer, bus
        self.two_people = section.two_people

    def __call__(self, hooks: Hooks, sequences: Mapping[str, int], /) -> Listening:
        """Return its lines."""
        ear = Ear(
            self.folder, self.account, Path(self.section.operators), self.signer, sequences, hooks, self.clock,
            two_people=self.two_people,
        )  # fmt: skip
        listener = Listener(self.bus, ear, self.section.silent_s, hooks, self.clock)
        if not self.section.telemetry:
            return listener
        return Lines(listener, Teller(self.bus, self.account, self.signer, hooks, self.clock))
