"""Words that set something going: demo, run, backtest, train, doctor."""

import datetime
import math
import re

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Config, Json, Since, Until, day_of

if TYPE_CHECKING:
    from backtests.backtest import Engine
    from backtests.summary import Summary

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"

Data = Annotated[Path | None, typer.Option("--data", metavar="FILE", help="A file of your own bars to trade instead.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for all it writes.")]
Speed = Annotated[str, typer.Option("--speed", metavar="max|FACTOR", help="FACTOR times as fast as it happened.")]
SymbolName = Annotated[str | None, typer.Option("--symbol", metavar="NAME", help="What the bars of --data are of.")]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write a report: one HTML file.")]
Save = Annotated[
    Path | None, typer.Option("--save", metavar="DIR", help="Keep numbers, decisions, deals and trades, as Parquet.")
]
Csv = Annotated[bool, typer.Option("--csv", help="With --save: as CSV.")]
Gates = Annotated[
    bool, typer.Option("--gates", help="Judge each gate and each check, by a shadow book without each: takes longer.")
]
NoShadow = Annotated[bool, typer.Option("--no-shadow", help="Keep no shadow books: the gate is not judged then.")]
Drive = Annotated[str, typer.Option("--drive", metavar="auto|plain|compiled", help="What plays the bars.")]
Login = Annotated[int | None, typer.Option("--login", help="The account's login, typed once before real money moves.")]
Log = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Log to a file, turned over by size.")]
Trials = Annotated[int, typer.Option("--trials", min=1, help="How many variants you have tried, this one among them.")]
Regime = Annotated[str | None, typer.Option("--regime", help="One regime of the account only.")]
Bars = Annotated[int | None, typer.Option("--bars", min=1, help="How many bars to trade.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (demo, run, backtest, train, doctor):
        app.command()(word)


def demo(
    out: Out = Path("tidegate-demo"),
    bars: Bars = None,
    speed: Speed = "max",
    data: Data = None,
    symbol: SymbolName = None,
    as_json: Json = False,
) -> None:
    """Trade fifteen years of real days at a look-alike.

    Trains the regime model on five years of daily bars of the S&P 500, runs trade server, terminal worker and daemon
    over the fifteen after them, and writes a report. It needs no account, no server and no network.
    """
    pace = _speed(speed)
    if symbol is not None and data is None:
        raise UsageError("--symbol names what the bars of --data are of: give both")
    if symbol is not None and not re.fullmatch(NAME, symbol):
        raise UsageError(f"--symbol: expected letters, digits, _ and -, got {symbol!r}")

    from backtests.reported import reported_demo  # noqa: PLC0415 - a room, imported when it is entered
    from backtests.screen import Watch  # noqa: PLC0415

    with Watch() as watch:
        found = reported_demo(out.absolute(), bars=bars, speed=pace, data=data, symbol=symbol, watch=watch)
    _show(found, as_json=as_json)


def run(account: Account, login: Login = None, log: Log = None) -> None:
    """Run the daemon of one account until it is stopped."""
    if log is not None:
        from runtime.logfile import log_into  # noqa: PLC0415 - rooms are imported when they are entered

        if log.is_dir() or not log.parent.is_dir():
            raise UsageError(f"--log: {log} cannot be a file: make its folder first, or name one that is there")
        log_into(log.absolute())

    from config.places import configured  # noqa: PLC0415
    from runtime.start import run as run_daemon  # noqa: PLC0415

    config, state = configured(account)
    run_daemon(config=config, state=state, login=login)


def backtest(  # noqa: PLR0913, PLR0917 - typer's, each an option of the command
    config: Config,
    data: Data = None,
    first: Since = None,
    last: Until = None,
    bars: Bars = None,
    report: Report = None,
    save: Save = None,
    csv: Csv = False,
    no_shadow: NoShadow = False,
    gates: Gates = False,
    trials: Trials = 1,
    drive: Drive = "auto",
    as_json: Json = False,
) -> None:
    """Play an account's strategies over its recorded bars.

    A regime model that is not there yet is trained first. One strategy on one feed can be played by loops of machine
    code, which are compiled once; what comes of it is the same.
    """
    if csv and save is None:
        raise UsageError("--csv says how --save writes: give --save DIR, too")
    if gates and no_shadow:
        raise UsageError("--gates needs the shadow books that --no-shadow leaves out")
    from_, to = days_of(first, last)
    engine = _engine(drive)

    from backtests.reported import reported_backtest, with_data  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415

    account = account_of(config)
    account = with_data(account, data) if data else account
    with Watch() as watch:
        found = reported_backtest(
            account,
            first=from_,
            last=to,
            bars=bars,
            shadows=not no_shadow,
            report=report,
            watch=watch,
            trials=trials,
            save_in=save,
            form="csv" if csv else "parquet",
            engine=engine,
            every=gates,
        )
    _show(found, as_json=as_json)


def train(config: Config, regime: Regime = None, as_json: Json = False) -> None:
    """Train an account's regime models on its recorded bars.

    They are in use from the next start on. One whose states would mean something else than those of the model in use is
    not put in its place, with exit code 5: it needs a place of its own, and an edit of what gates allow.
    """
    from backtests.model_place import writable  # noqa: PLC0415
    from backtests.screen import Watch, show_training  # noqa: PLC0415
    from backtests.training import train_from_config  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    account = writable(account_of(config))
    with Watch() as watch:
        watch.stage("training")
        reports = train_from_config(account, regime, watch.progress)
    if as_json:
        lines([reports])
    else:
        show_training(reports)


def doctor(account: Account, as_json: Json = False) -> None:
    """Look for what would keep an account from running.

    Exit code 11 where something would.
    """
    from config.places import configured  # noqa: PLC0415
    from runtime.doctor import examine  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    findings = examine(*configured(account))
    show(
        [{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings], ("what", "ok", "detail"), as_json=as_json
    )
    bad = [f.what for f in findings if not f.ok]
    if bad:
        raise Negative(f"not fit to run: {', '.join(bad)}: mend what is said above")


def days_of(first: str | None, last: str | None) -> tuple[datetime.date | None, datetime.date | None]:
    """Return the first and the last day that were asked for; UsageError where they are none, or the wrong way round."""
    from_, to = day_of(first), day_of(last)
    if from_ is not None and to is not None and to < from_:
        raise UsageError(f"--to {to} is before --from {from_}: no day lies between them")
    return from_, to


def _speed(text: str) -> float | None:
    """Return the factor, None for as fast as it goes."""
    if text == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0.0 < factor < math.inf:
        raise UsageError(f"--speed: expected max or a factor above 0, got {text!r}")
    return factor


def _engine(text: str) -> "Engine":
    """Return which drive is meant."""
    known: dict[str, Engine] = {"auto": "auto", "plain": "plain", "compiled": "compiled"}
    if text in known:
        return known[text]
    raise UsageError(f"--drive: expected auto, plain or compiled, got {text!r}")


def _show(found: "Summary", *, as_json: bool) -> None:
    from backtests.screen import show_summary  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    if as_json:
        import msgspec  # noqa: PLC0415

        lines([msgspec.to_builtins(found)])
    else:
        show_summary(found)
        if found.gates:
            from tidegate.attribution_told import tell  # noqa: PLC0415

            tell(found.gates, "gate")
            tell(found.checks, "check")
