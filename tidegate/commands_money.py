"""The word that says where the money went: money."""

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json, Moved


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(money)


def money(account: Account, segments: Moved = None, as_json: Json = False) -> None:
    """Show where every cent of the balance went.

    What it began with, closed and open trades, trades of others, and the ledger by kind, as the journal's rows have
    them, against the balance that the venue told. Exit code 11 where they do not make it.
    """
    import msgspec  # noqa: PLC0415 - `--help` must not wait for it

    from backtests.archived import joined  # noqa: PLC0415 - it reads its Parquet only if there is any
    from config.places import find  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.outcomes.explained import explained  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    with joined(find(account).journal, segments) as reader:
        found = explained(reader)
    if found is None:
        raise UsageError(f"{account}: its balance is not known yet: start it once, and let it look at its venue")
    off = found.unexplained
    if as_json:
        lines([{"ok": off == 0.0, "unexplained": off, **msgspec.to_builtins(found)}])
    else:
        parts = {
            "began with": found.began, "closed trades": found.outcomes, "open trades so far": found.standing,
            "trades of others": found.foreign, **found.ledger, "unexplained": off, "balance": found.balance,
        }  # fmt: skip
        for name, amount in parts.items():
            say(f"{name:20} {amount:>14,.2f}")
    if off:
        raise Negative(f"{off:+,.2f} of the balance are not explained by trades and ledger")
