"""The word `foretold`: what strategies foretold against what came of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.words import Accounts, Json

if TYPE_CHECKING:
    from backtests.foretold import Foretold

Chance = Annotated[
    list[str] | None,
    typer.Option("--chance", metavar="STRATEGY", help="Its score is a chance to win. Repeatable."),
]
Page = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Where to draw it, as one HTML file.")]


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(foretold)


def foretold(accounts: Accounts, chance: Chance = None, report: Page = None, as_json: Json = False) -> None:
    """Hold what strategies foretold against what came of it.

    Reliability, Brier score and calibration error where a score is a chance to win, which it is of a strategy sized by
    Kelly's rule; fifths of the score elsewhere. How many decisions have come to an end, and after how long.
    """
    import msgspec  # noqa: PLC0415

    from backtests.foretold import foretold as found_of  # noqa: PLC0415 - rooms are imported when they are entered
    from config.places import journals_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    journals = journals_of(accounts)
    found = found_of(journals, chance or ())
    if as_json:
        lines([msgspec.to_builtins(one) for one in found])
    elif not found:
        say("nothing was traded")
    else:
        _tell(found)
    if report is not None:
        from backtests.foretold_page import write_foretold  # noqa: PLC0415

        write_foretold(report, found, [name for name, _ in journals])


def _tell(found: "list[Foretold]") -> None:
    from backtests.foretold import OF_FIFTHS, fifth_told  # noqa: PLC0415
    from backtests.words import number, share  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    rows = [
        {
            "strategy": one.strategy, "traded": one.labels.traded, "labelled": one.labels.labelled,
            "never filled": one.labels.never_filled, "open": one.labels.open, "of filled": share(one.labels.coverage),
            "hours, median": number(one.labels.lag_s / 3600.0 if one.labels.lag_s is not None else None),
        }
        for one in found
    ]  # fmt: skip
    table(rows, list(rows[0]))
    for one in found:
        say(f"\n{one.sentence}")
        if one.chances is not None:
            _chances(one)
        elif one.fifths:
            table([dict(zip(OF_FIFTHS, row, strict=True)) for row in map(fifth_told, one.fifths)], OF_FIFTHS)


def _chances(one: "Foretold") -> None:
    from backtests.words import number, share  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    r = one.chances
    assert r is not None  # noqa: S101 - asked before
    names = ("trades", "foretold", "came", "from", "to")
    table(
        [dict(zip(names, (b.trades, *map(share, b[1:])), strict=True)) for b in r.bins], names
    )  # fmt: skip
    parts = (r.brier, r.reliability, r.resolution, r.uncertainty, r.within)
    b, rel, res, unc, within = (number(x, 4) for x in parts)
    skill = number(r.skill, 3)
    say(f"Brier {b} = reliability {rel} − resolution {res} + uncertainty {unc} + within bins {within}; skill {skill}")
    if one.no_chance:
        say(f"{one.no_chance} trades whose score is no chance are left out")
