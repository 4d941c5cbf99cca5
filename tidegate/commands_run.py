"""Words that set something going: demo, run, backtest, train, replay, doctor."""

import datetime

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Config, Json, Run, Since, Until

Folder = Annotated[Path, typer.Option("--folder", help="Where to put all it writes.")]
Login = Annotated[int | None, typer.Option("--login", help="The account's login, typed once before real money moves.")]
Regime = Annotated[str | None, typer.Option("--regime", help="One regime of the account only.")]
Bars = Annotated[int | None, typer.Option("--bars", min=1, help="How many bars to trade.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (demo, run, backtest, train, replay, doctor):
        app.command()(word)


def demo(folder: Folder = Path("tidegate-demo"), bars: Bars = None, as_json: Json = False) -> None:
    """Trade twenty years of real days at a look-alike.

    Trains the regime model, runs the daemon over the daily bars of the S&P 500, reports what came of it.
    """
    from backtests.demo import run_demo  # noqa: PLC0415 - a room, imported when it is entered
    from tidegate.output import facts  # noqa: PLC0415

    found = run_demo(folder.absolute(), bars=bars, stage=lambda text: typer.echo(f"{text} …", err=True))
    facts({name: str(found[name]) for name in ("total", "seconds", "state", "ledger", "log")}, as_json=as_json)


def run(account: Account, login: Login = None) -> None:
    """Run the daemon of one account until it is stopped."""
    from config.places import configured  # noqa: PLC0415
    from runtime.start import run as run_daemon  # noqa: PLC0415

    config, state = configured(account)
    run_daemon(config=config, state=state, login=login)


def backtest(config: Config, first: Since = None, last: Until = None, bars: Bars = None, as_json: Json = False) -> None:
    """Play an account's strategies over its recorded bars."""
    from_, to = _day(first), _day(last)

    from backtests.backtest import run_backtest  # noqa: PLC0415
    from config.load import load  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415

    drive, _ = run_backtest(load(config), first=from_, last=to, bars=bars)
    trades = {book: [outcome.net for outcome in drive.outcomes if outcome.book == book] for book in ("live", "shadow")}
    found = {
        "bars": drive.bars,
        "decisions": len(drive.decisions),
        **Counter(f"  {decision.outcome}" for decision in drive.decisions),
        "orders": drive.orders,
        **{f"{book} trades": len(nets) for book, nets in trades.items()},
        **{f"{book} net": round(sum(nets), 2) for book, nets in trades.items()},
        "ambiguous bars": drive.ambiguous,
        "balance": drive.balance,
    }
    facts({name.strip(): value for name, value in found.items()} if as_json else found, as_json=as_json)


def train(config: Config, regime: Regime = None, as_json: Json = False) -> None:
    """Train an account's regime models on its recorded bars."""
    from backtests.training import train_from_config  # noqa: PLC0415
    from config.load import load  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415

    for name, report in train_from_config(load(config), regime).items():
        facts({"regime": name, **report}, as_json=as_json)


def replay(account: Account, number: Run = None) -> None:
    """Play a journaled run again, bit for bit.

    Exit code 11 where a fresh core decides anything else than what was journaled.
    """
    from backtests.replay import replay as replay_run  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    found = replay_run(find(account).journal, number)
    say(f"the same to the last bit: {found.runs} runs, {found.facts} facts, {found.decisions} decisions")


def doctor(account: Account, as_json: Json = False) -> None:
    """Look for what would keep an account from running.

    Exit code 11 where something would.
    """
    from config.places import configured  # noqa: PLC0415
    from runtime.doctor import examine  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    findings = examine(*configured(account))
    show([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings], ("what", "ok", "detail"), as_json=as_json)
    bad = [f.what for f in findings if not f.ok]
    if bad:
        raise Negative(f"not fit to run: {', '.join(bad)}: mend what is said above")


def _day(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a date like 1999-01-04, got {text!r}") from None
