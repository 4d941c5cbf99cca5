"""Frames between daemon and worker, and what the package's structures become: names, sides and times."""

from typing import Any, get_args

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, DealMade, OrderGone
from brokers.mt5.frames import (
    LENGTH,
    AnyAsk,
    AnyTell,
    Closed,
    Connect,
    Connected,
    FeedCursor,
    History,
    Identity,
    Listed,
    Look,
    Looked,
    Lost,
    Past,
    Poll,
    Polled,
    Renew,
    Renewed,
    Send,
    Sent,
    SymbolInfos,
    Symbols,
    decode_ask,
    decode_tell,
    framed,
)
from brokers.mt5.line import Terms
from brokers.mt5.lookalike.structs import names_of
from brokers.mt5.translator import Translator
from market.types import Account, Bar, Deal, Order, Position
from tests.orders import EACH, LIMITS, NOW
from tests.trade_server import GOLD, HOUR

WHO = Identity(7, "Lookalike-Demo", "/terminal")
ACCOUNT = Account(
    login=7, server="S", currency="USD", leverage=100, hedging=True, demo=True, trade_allowed=True, balance=1.5,
    equity=2.5,
)  # fmt: skip
DEAL = Deal(
    ticket=2**40, order=2, position=3, at=NOW, symbol="GOLD", side=-1, entry="out", volume=0.1, price=2.5, profit=-1.25,
    magic=2**62, reason="stop", comment="é",
)  # fmt: skip
BAR = Bar("GOLD", "H1", NOW, 1.0, 2.0, 0.5, 1.5, 7.0, 20.0)
NEWS = (DealMade(at=NOW, deal=DEAL), OrderGone(at=NOW, order=1, magic=2, end="expired"))
ORDER = Order(ticket=1, at=NOW, symbol="GOLD", side=1, kind="stop", volume=0.1, price=1.0, magic=5)
POSITION = Position(ticket=1, at=NOW, symbol="GOLD", side=1, volume=0.1, price=1.0)
CONNECT = Connect(
    path="/terminal", login=7, password="secret", server="S", zone="UTC", symbols={"GOLD": "GOLD.m"}, limits=LIMITS,
    latch="/state", timeout_ms=5,
)  # fmt: skip

ASKS: list[AnyAsk] = [
    CONNECT, Poll(feeds=(FeedCursor("GOLD", "H1", 5),), last_deal=1, last_deal_at=2, watch=(3, 4), done=NOW),
    Past(symbol="GOLD", timeframe="H1", count=9), Look(last_deal=1, last_deal_at=2, watch=(3,)),
    Symbols(group="*USD*"), Renew(), *(Send(request=request) for request in EACH.values()),
]  # fmt: skip
TELLS: list[AnyTell] = [
    Connected(who=WHO, at=NOW, account=ACCOUNT, symbols=(GOLD,), lockstep=True), History(who=WHO, bars=(BAR, BAR)),
    Polled(who=WHO, at=NOW, news=NEWS, bars=(Closed(BAR, 1.0, 1.5, NOW + HOUR),), ended=False),
    Sent(who=WHO, answer=Accepted(at=NOW, id=1, order=2, deal=3)), Lost(code=-10004, reason="gone", fatal=True),
    Looked(who=WHO, at=NOW, account=ACCOUNT, positions=(POSITION,), orders=(ORDER,), news=NEWS, last_deal=9),
    SymbolInfos(who=WHO, symbols=(Listed(GOLD, "Gold", "Metals\\GOLD"),)), Renewed(who=WHO),
]  # fmt: skip


def body_of(frame: bytes) -> bytes:
    """Return a frame's body; its head must tell its length."""
    assert LENGTH.unpack(frame[: LENGTH.size]) == (len(frame) - LENGTH.size,)
    return frame[LENGTH.size :]


def test_every_verb_and_every_reply_comes_back_whole() -> None:
    """What is framed is what is read, and no member of the two unions is left out here."""
    assert ASKS == [decode_ask(body_of(framed(ask))) for ask in ASKS]
    assert TELLS == [decode_tell(body_of(framed(tell))) for tell in TELLS]
    assert {*get_args(AnyAsk), *get_args(AnyTell)} == {type(frame) for frame in [*ASKS, *TELLS]}


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", b"\x80", msgspec.msgpack.encode({"type": "Eval", "code": "1"}), body_of(framed(WHO))]
)
def test_what_is_no_verb_is_not_answered(raw: bytes) -> None:
    """The list of verbs is fixed: anything else is an error of decoding, never a call."""
    with pytest.raises(msgspec.MsgspecError):
        decode_ask(raw)


def test_the_password_is_in_no_representation() -> None:
    """A log that shows a request or the terms does not show the password."""
    terms = Terms(
        kind="lookalike", path="/t", login=7, password="secret", server="S", zone="UTC", symbols={}, limits=LIMITS,
        latch="",
    )  # fmt: skip

    assert "secret" not in repr(CONNECT) + repr(terms) + repr([terms])


# --- translation ------------------------------------------------------------------------------------------------------

MAPPED = Translator("UTC+2", {"EURUSD": "EURUSD.m"})
AHEAD = 2 * HOUR


def row(kind: Any, **values: object) -> Any:  # noqa: ANN401 - a structure of the package
    """Return a structure of the package with some of its fields set."""
    return kind([values.get(name, "" if name in TEXTS else 0) for name in names_of(kind)])


TEXTS = {"symbol", "comment", "external_id", "name", "server", "currency", "company"}


def test_times_of_the_server_become_utc_and_back() -> None:
    """Two hours ahead is two hours to be taken off; never stays never."""
    assert (NOW, NOW + AHEAD, (NOW + AHEAD) // 1000) == (MAPPED.utc(NOW + AHEAD), MAPPED.dial(NOW), MAPPED.server(NOW))
    assert (0, 0) == (MAPPED.utc(0), MAPPED.server(0))


def test_a_position_has_our_name_side_and_time() -> None:
    """The broker's symbol becomes ours; requests name it by its ticket, deals by its identifier."""
    told = row(
        m.TradePosition, ticket=5, identifier=4, time_msc=NOW + AHEAD, type=1, symbol="EURUSD.m", volume=0.5,
        sl=1.25, magic=9,
    )  # fmt: skip
    found = MAPPED.position(told)

    assert (5, 4, NOW, "EURUSD", -1, 0.5, 1.25, 9) == (
        *(found.ticket, found.ident, found.at, found.symbol, found.side, found.volume, found.stop, found.magic),
    )


@pytest.mark.parametrize(
    ("type_", "entry", "reason", "wanted"),
    [
        (0, 0, 3, (1, "in", "expert")), (1, 0, 3, (-1, "in", "expert")), (1, 1, 4, (-1, "out", "stop")),
        (0, 1, 5, (1, "out", "target")), (0, 1, 6, (1, "out", "stop_out")), (0, 3, 0, (1, "out_by", "client")),
        (1, 2, 1, (-1, "inout", "mobile")), (0, 1, 2, (1, "out", "web")), (0, 1, 7, (1, "out", "rollover")),
        (2, 0, 0, (1, "none", "balance")), (3, 0, 0, (1, "none", "balance")), (6, 1, 3, (1, "none", "balance")),
    ],
)  # fmt: skip
def test_a_deal_is_a_trade_or_money(type_: int, entry: int, reason: int, wanted: tuple[Any, ...]) -> None:
    """Buy and sell go in or out, and say why; every other type moves money only."""
    told = row(m.TradeDeal, type=type_, entry=entry, reason=reason, symbol="EURUSD.m", time_msc=NOW + AHEAD)
    found = MAPPED.deal(told)

    assert (*wanted, "EURUSD", NOW) == (found.side, found.entry, found.reason, found.symbol, found.at)


@pytest.mark.parametrize(
    ("type_", "flow"),
    [
        (0, ""),
        (1, ""),
        (2, "balance"),
        (3, "credit"),
        (6, "bonus"),
        (8, "daily commission"),
        (9, "monthly commission"),
        (13, "cancelled"),
        (17, "tax"),
        (99, "other"),
    ],
)
def test_a_deal_says_what_kind_of_money_it_moved(type_: int, flow: str) -> None:
    """A credit is none of the balance; what is not known is called other."""
    assert flow == MAPPED.deal(row(m.TradeDeal, type=type_, symbol="EURUSD.m", time_msc=NOW + AHEAD)).flow


@pytest.mark.parametrize(
    ("type_", "side", "kind"),
    [
        (0, 1, "market"), (1, -1, "market"), (2, 1, "limit"), (3, -1, "limit"), (4, 1, "stop"), (5, -1, "stop"),
        (6, 1, "stop_limit"), (7, -1, "stop_limit"),
    ],
)  # fmt: skip
def test_an_order_has_our_side_kind_and_times(type_: int, side: int, kind: str) -> None:
    """The seconds of its end become our milliseconds."""
    ends = (NOW + AHEAD + HOUR) // 1000
    told = row(m.TradeOrder, type=type_, symbol="EURUSD.m", time_setup_msc=NOW + AHEAD, time_expiration=ends)
    found = MAPPED.order(told)

    assert (side, kind, "EURUSD", NOW, NOW + HOUR) == (found.side, found.kind, found.symbol, found.at, found.expiry)


def test_a_symbol_we_do_not_trade_keeps_its_name() -> None:
    """Foreign positions are shown under the name they have there."""
    assert ("EURUSD", "GBPUSD.m") == (MAPPED.name("EURUSD.m"), MAPPED.name("GBPUSD.m"))


@pytest.mark.parametrize(("trade_mode", "margin_mode", "wanted"), [(0, 2, (True, True)), (2, 0, (False, False))])
def test_an_account_says_whether_it_is_real_and_hedges(
    trade_mode: int, margin_mode: int, wanted: tuple[bool, bool]
) -> None:
    """Only trade mode 2 is real money; an investor's login may not trade."""
    told = row(m.AccountInfo, login=7, trade_mode=trade_mode, margin_mode=margin_mode, trade_allowed=True)
    found = MAPPED.account(told)

    assert (*wanted, False) == (found.demo, found.hedging, found.trade_allowed)
