"""The word `why`: from a decision, an order, a deal or a moment to what was decided, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json, Moved, StrategyName, end_of

What = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="A decision's id, order:N, deal:N or position:N; or a bare number.")
]
OnSymbol = Annotated[str | None, typer.Option("--symbol", metavar="NAME", help="With --at: why no trade on it.")]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="UTC: 2026-01-30, 2026-01-30T14:05; the whole day or minute.")
]
Replayed = Annotated[bool, typer.Option("--replay", help="Recompute it from its facts, and compare every bit.")]


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(why)


def why(
    account: Account,
    what: What = None,
    symbol: OnSymbol = None,
    at: At = None,
    strategy: StrategyName = None,
    replay: Replayed = False,
    segments: Moved = None,
    as_json: Json = False,
) -> None:
    """Tell why: from the bar of a decision to its money.

    Every gate with its number and limit, and what became of it. With --symbol and --at: what each strategy on a symbol
    last decided by then, and so why there was no trade.
    """
    from backtests.archived import joined  # noqa: PLC0415 - rooms are imported when they are entered
    from backtests.why import chain  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415
    from tidegate.story import tell  # noqa: PLC0415

    if (what is None) == (symbol is None) or (symbol is None) != (at is None):
        raise UsageError("name a decision, order:N, deal:N or position:N; or a moment, by --symbol and --at")
    with joined(find(account).journal, segments) as reader:
        found = [chain(reader, row) for row in _meant(reader, what, symbol, at, strategy)]
    for place, whole in enumerate(found):
        if replay:
            whole["replay"] = _recomputed(account, whole["decision"]["seq"], segments)
        if as_json:
            lines([whole])
            continue
        if place:
            say("\n")
        tell(whole)
    _judge(found)


def _meant(reader: Any, what: str | None, symbol: str | None, at: str | None, strategy: str | None) -> Any:  # noqa: ANN401 - a room's class, imported only here
    from runtime.journal.trace import decision_behind, decisions_at  # noqa: PLC0415

    if what is not None:
        return [decision_behind(reader, what)]
    assert symbol is not None  # noqa: S101 - asked before
    return decisions_at(reader, symbol, end_of(at or ""), strategy)


def _recomputed(account: str, seq: int, segments: Path | None) -> dict[str, Any]:
    from backtests.replay import ReplayMismatch, recompute  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415

    try:
        behind = recompute(find(account).journal, seq, segments)
    except ReplayMismatch as error:
        return {"ok": False, "row": error.seq, "field": error.field, "problem": str(error)}
    return {"ok": True, "row": seq, "behind": behind, "problem": ""}


def _judge(found: list[dict[str, Any]]) -> None:
    problems = [whole["replay"]["problem"] for whole in found if "replay" in whole and not whole["replay"]["ok"]]
    if problems:
        raise Negative(f"recomputed from its facts it comes out otherwise: {problems[0]}")
