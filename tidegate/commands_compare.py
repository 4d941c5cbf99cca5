"""Words that hold two backtests against each other: compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.words import Json

if TYPE_CHECKING:
    from backtests.compare import Difference, First, Rows

A = Annotated[Path, typer.Argument(metavar="A", help="Folder of a backtest that was saved with --save.")]
B = Annotated[Path, typer.Argument(metavar="B", help="Folder of another.")]


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(compare)


def compare(a: A, b: B, as_json: Json = False) -> None:
    """Compare two saved backtests.

    Numbers, decisions and deals, and the first that differs. Exit code 11 where anything is decided or dealt otherwise.
    """
    import msgspec  # noqa: PLC0415 - rooms are imported when they are entered

    from backtests.compare import compare as held  # noqa: PLC0415
    from config.errors import Negative  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    found = held(a, b)
    if as_json:
        lines([{"ok": found.same, **msgspec.to_builtins(found)}])
    else:
        _told(found)
    if not found.same:
        raise Negative("they are not the same")


def _told(found: "Difference") -> None:
    from backtests.words import number  # noqa: PLC0415 - as above
    from tidegate.output import say, show  # noqa: PLC0415

    say(
        f"configuration: {'the same' if found.same_config else 'not the same'}; "
        f"models: {'the same' if found.same_models else 'not the same'}"
    )
    if found.numbers:
        rows = [
            {
                "number": n.name,
                **{title: number(x, _digits(n.name)) for title, x in (("A", n.a), ("B", n.b), ("B - A", n.difference))},
            }
            for n in found.numbers
        ]
        show(rows, ("number", "A", "B", "B - A"), as_json=False)
    for rows_of in found.rows:
        say(_sentence(rows_of))
        if rows_of.first is not None:
            say(_first(rows_of.first))


def _sentence(rows: "Rows") -> str:
    """Return how the rows of a table differ."""
    said = f"{rows.table}: {rows.same:,} the same, {rows.differ:,} differ, "
    said += f"{rows.only_a:,} only in A, {rows.only_b:,} only in B"
    if rows.fields:
        said += "; by field " + ", ".join(f"{name} {count:,}" for name, count in rows.fields.items())
    return said


def _first(first: "First") -> str:
    from tidegate.output import moment  # noqa: PLC0415 - as above

    field = f"{first.field} " if first.field else ""
    return f"  first {moment(first.at)} UTC ({first.what}): {field}{first.a} in A, {first.b} in B"


def _digits(name: str) -> int:
    from backtests.compare import MONEY, SHARES  # noqa: PLC0415 - as above

    return 2 if name in MONEY else 4 if name in SHARES else 0
