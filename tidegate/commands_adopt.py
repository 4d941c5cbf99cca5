"""Words that take something over: adopt an old bot's position; ack a contract, a lost trade, the balance, or a hold."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json, Reason, reason_of

if TYPE_CHECKING:
    from runtime.core.facts import PersonFact
    from runtime.core.instructions import Asker

MOST = (1 << 63) - 1
"""No venue has a larger number."""

LONGEST = 525_600
"""Minutes of a year."""

Magic = Annotated[int, typer.Option("--magic", min=0, max=MOST, help="Magic number of the old bot.")]
Strategy = Annotated[str, typer.Option("--strategy", help="Who takes the position over.")]
Stop = Annotated[float, typer.Option("--stop", min=0.0, help="Stop to set first; needed where there is none.")]
Position = Annotated[int, typer.Option("--position", min=0, max=MOST, help="Which one, where there are several.")]
Quiet = Annotated[
    int, typer.Option("--quiet", min=1, max=LONGEST, help="Minutes for which the old bot must have sent nothing.")
]
SymbolName = Annotated[str, typer.Option("--symbol", help="Whose contract is taken as the terminal tells it.")]
Gone = Annotated[int, typer.Option("--position", min=0, max=MOST, help="A trade that is gone though no deal told how.")]
Queued = Annotated[int, typer.Option("--position", min=1, max=MOST, help="As `tidegate status` shows it.")]
AlertId = Annotated[int, typer.Option("--alert", min=0, max=MOST, help="An alert, as `tidegate alerts` shows it.")]
Balance = Annotated[bool, typer.Option("--balance", help="The venue's balance, which no deal explains.")]
Hold = Annotated[str, typer.Option("--hold", help="A hold of a control, like THROTTLE:trend, that is to be lifted.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(adopt)
    app.command()(ack)
    app.command()(drop)


def adopt(
    account: Account, magic: Magic, strategy: Strategy, reason: Reason, stop: Stop = 0.0, position: Position = 0,
    quiet: Quiet = 60, as_json: Json = False,
) -> None:  # fmt: skip
    """Take over the position of an old bot.

    Only the running daemon can, and only while the old bot sends nothing. Exit code 11 where it may not be taken.
    """
    from runtime.core.facts import AdoptionAsked  # noqa: PLC0415 - rooms are imported when they are entered

    asked = AdoptionAsked(
        at=0, asker=_asker(reason), magic=magic, strategy=strategy, stop=stop, position=position,
        quiet_ms=quiet * 60_000,
    )  # fmt: skip
    _ask(account, asked, as_json=as_json)


def ack(
    account: Account, reason: Reason, symbol: SymbolName = "", position: Gone = 0, balance: Balance = False,
    alert: AlertId = 0, hold: Hold = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Take over what changed, went or alarms; lift a hold.

    Who takes an alert looks after it: nobody else is called. It needs no daemon.
    What is traded from then on is sized with that contract. A trade is lost once it was missed at the venue for a whole
    settle window; what the balance is off is taken with the last one, or by itself where nothing is gone and it was off
    for a settle window. A hold that a person may lift is one of a control. Exit code 11 where there is nothing to take.
    """
    from runtime.core.facts import BalanceTaken, HoldLifted, SpecAcknowledged, TradeWrittenOff  # noqa: PLC0415

    if [bool(symbol), bool(position), balance, bool(alert), bool(hold)].count(True) != 1:
        raise UsageError("name what is acknowledged: one of --symbol, --position, --balance, --alert and --hold")
    asker = _asker(reason)
    if alert:
        _take(account, alert, asker, as_json=as_json)
    elif symbol:
        _ask(account, SpecAcknowledged(at=0, asker=asker, symbol=symbol), as_json=as_json)
    elif hold:
        _ask(account, HoldLifted(at=0, asker=asker, hold=hold), as_json=as_json)
    elif balance:
        _ask(account, BalanceTaken(at=0, asker=asker), as_json=as_json)
    else:
        _ask(account, TradeWrittenOff(at=0, asker=asker, position=position), as_json=as_json)


def drop(account: Account, reason: Reason, position: Queued, as_json: Json = False) -> None:
    """Leave a position open that a flatten is about to close.

    The flatten goes on without it, and ends in halt. Exit code 11 where none is about to close it.
    """
    from runtime.core.facts import PositionDropped  # noqa: PLC0415

    _ask(account, PositionDropped(at=0, asker=_asker(reason), position=position), as_json=as_json)


def _take(account: str, alert: int, asker: "Asker", *, as_json: bool) -> None:
    from config.meant import account_at  # noqa: PLC0415
    from runtime.alerts.notes import write  # noqa: PLC0415
    from runtime.alerts.person import take  # noqa: PLC0415

    folder = account_at(account)
    entry = take(folder, alert, asker.who, asker.why)
    if entry:
        write(folder, asker, f"alert {alert}")
    problem = "" if entry else f"no alert {alert} is open: look with tidegate alerts"
    text = f"{asker.who} has alert {entry.id}: {entry.text}" if entry else ""
    _say({"account": account, "ok": not problem, "text": text, "problem": problem}, as_json=as_json)


def _asker(reason: str) -> "Asker":
    why = reason_of(reason)
    from runtime.operator.keyboard import asker_of  # noqa: PLC0415

    return asker_of(why)


def _ask(account: str, fact: "PersonFact", *, as_json: bool) -> None:
    from config.meant import account_at  # noqa: PLC0415
    from runtime.operator.client import ask_for  # noqa: PLC0415

    _say({"account": account, "text": "", "problem": ""} | ask_for(account_at(account), fact), as_json=as_json)


def _say(answer: dict[str, Any], *, as_json: bool) -> None:
    from tidegate.output import lines, say  # noqa: PLC0415

    if as_json:
        lines([answer])
    if not answer["ok"]:
        raise Negative(f"refused: {answer['problem']}")
    if not as_json:
        say(answer["text"])
