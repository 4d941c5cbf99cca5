"""MQTT 5 by aiomqtt: persistent sessions, and acknowledgement only when what came has been worked.

aiomqtt 2 acknowledges before anybody has seen a message, so that a crash in the handler loses it; its paho client,
which it does not offer, can do it by hand.
"""

import contextlib
import logging
import socket
import ssl

from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiomqtt
import paho.mqtt.client as mqtt

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.errors import ConfigError
from runtime.bus.port import Arrived, Broker, BusError, Message, Terms

KEEPALIVE_S = 5
PATIENCE_S = 2.0
"""How long the broker may take to confirm anything; aiomqtt waits for so long also where the line is lost meanwhile."""
AT_ONCE = 16
"""Messages that may be under way to us unacknowledged; the broker keeps the rest back."""
LARGEST = 16_384
"""Bytes; the broker keeps larger packets to itself."""
REFUSED = 128
"""Reason codes from here on say no."""

_quiet = logging.getLogger("tidegate.bus")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


class MqttLine:
    """An open line."""

    def __init__(self, client: aiomqtt.Client) -> None:
        """Speak through a connected client."""
        self.client = client

    async def arriving(self) -> AsyncIterator[Arrived]:
        """Yield what comes."""
        try:
            async for message in self.client.messages:
                yield Arrived(message.topic.value, message.payload, (message.mid, message.qos))
        except (aiomqtt.MqttError, OSError) as error:
            raise BusError(_said(error)) from None

    def acknowledge(self, arrived: Arrived) -> None:
        """Acknowledge a message by hand."""
        mid, qos = arrived.token
        if qos:
            self.client._client.ack(mid, qos)  # noqa: SLF001 - aiomqtt 2 has no other door to it

    async def publish(self, message: Message) -> None:
        """Send a message."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # theirs
        if message.expires_s:
            properties.MessageExpiryInterval = message.expires_s
        try:
            await self.client.publish(
                message.topic, message.payload, qos=message.qos, retain=message.retain, properties=properties
            )
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise BusError(_said(error)) from None

    async def admitted(self, message: Message) -> bool:
        """Send a message of QoS 1, and return whether the broker's rules let it through."""
        said: list[ReasonCode] = []
        client = self.client._client  # noqa: SLF001 - aiomqtt 2 drops what the broker says of a message
        take = client.on_publish

        def note(*told: Any) -> None:  # noqa: ANN401 - as paho has it: client, userdata, mid, code, properties
            said.append(told[3])
            if take is not None:
                take(*told)

        client.on_publish = note
        try:
            await self.publish(message)
        finally:
            client.on_publish = take
        return all(code.value < REFUSED for code in said)

    def certificate(self) -> dict[str, Any]:
        """Return the broker's certificate as the ssl module tells it, empty where the line is in the clear."""
        held = self.client._client.socket()  # noqa: SLF001 - aiomqtt 2 has no other door to it
        return dict(held.getpeercert() or {}) if isinstance(held, ssl.SSLSocket) else {}


class Mqtt:
    """A broker that speaks MQTT 5."""

    def __init__(self, broker: Broker) -> None:
        """Take where it is; ConfigError where the authority's certificate cannot be read."""
        self.broker = broker
        self.tls = _trust(broker) if broker.tls else None

    def connect(self, terms: Terms) -> contextlib.AbstractAsyncContextManager[MqttLine]:
        """Open a line."""
        return self._connect(terms)

    @contextlib.asynccontextmanager
    async def _connect(self, terms: Terms) -> AsyncIterator[MqttLine]:
        client = self._client(terms)
        client._client.manual_ack_set(on=True)  # noqa: SLF001 - aiomqtt 2 has no other door to it
        _mind_floods(client)
        try:
            await client.__aenter__()
        except (aiomqtt.MqttError, OSError) as error:
            raise BusError(_said(error)) from None
        try:
            await _listen(client, terms.listen)
            yield MqttLine(client)
        finally:
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)

    def _client(self, terms: Terms) -> aiomqtt.Client:
        broker, will = self.broker, terms.will
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # theirs
        asked.SessionExpiryInterval = terms.kept_s  # without it even a session that is not started clean is not kept
        asked.ReceiveMaximum = AT_ONCE
        asked.MaximumPacketSize = LARGEST
        return aiomqtt.Client(
            broker.host, broker.port, identifier=terms.client, protocol=aiomqtt.ProtocolVersion.V5,
            username=broker.user or None, password=broker.password.reveal() if broker.password else None,
            clean_start=not terms.kept_s, properties=asked, keepalive=KEEPALIVE_S, timeout=PATIENCE_S,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
            tls_context=self.tls, logger=_quiet, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )  # fmt: skip


def _mind_floods(client: aiomqtt.Client) -> None:
    """Let nothing pile up: what needs no acknowledgement is dropped while much waits, the rest the broker keeps back.

    Everything that counts is sent with acknowledgement, of which no more than AT_ONCE are ever under way.
    """
    take = client._on_message  # noqa: SLF001 - a full queue of aiomqtt's own drops whatever comes next

    def take_or_drop(paho: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.qos or len(client.messages) < AT_ONCE:
            take(paho, userdata, message)

    client._client.on_message = take_or_drop  # noqa: SLF001 - likewise


def _trust(broker: Broker) -> ssl.SSLContext:
    """Return whom we trust to be the broker."""
    try:
        return ssl.create_default_context(cafile=broker.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{broker.ca}: no certificate of an authority: {error}") from None


async def _listen(client: aiomqtt.Client, topics: Sequence[str]) -> None:
    """Subscribe; a subscription that the broker refuses is no line."""
    for topic in topics:
        try:
            codes = await client.subscribe(topic, qos=1)
        except (aiomqtt.MqttError, OSError) as error:
            raise BusError(_said(error)) from None
        if any((code.value if isinstance(code, ReasonCode) else code) >= REFUSED for code in codes):
            raise BusError(f"the broker does not let us listen to {topic}")


def _said(error: Exception) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
