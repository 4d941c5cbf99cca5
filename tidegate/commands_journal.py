"""Words that read a journal: decisions, orders, outcomes, journal verify and migrate."""

from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import Negative, UsageError
from tidegate.words import DAY_MS, Account, Accounts, Json, Last, Run, Since, StrategyName, Until, ms_of

Class = Annotated[str | None, typer.Option("--class", help="Of one outcome class only: traded, vetoed_by_regime …")]
Book = Annotated[str | None, typer.Option("--book", help="live or shadow.")]
GroupedBy = Annotated[
    str | None, typer.Option("--by", help="strategy, model, regime, gate, check, symbol, session, account or exit.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made if it is not there.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
Write = Annotated[bool, typer.Option("--write", help="Put them in place of the journal's.")]
To = Annotated[int | None, typer.Option("--to", metavar="N", help="Another schema than the newest, to go back.")]

COLUMNS = {
    "decisions": "id bar_time strategy symbol class regime gate_reason holds reasons volume price",
    "orders": "instruction decision at_decided strategy symbol side kind volume price stop state fill_price reason",
    "outcomes": "id book gate strategy symbol side volume opened closed entry_price exit_price net r exit_reason tag",
}
"""What a listing shows of each row; `--json` shows all."""

journal = typer.Typer(help="Look after a journal.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (decisions, orders, outcomes):
        app.command()(word)
    app.add_typer(journal, name="journal")


def decisions(
    account: Account,
    class_: Class = None,
    strategy: StrategyName = None,
    run: Run = None,
    last: Last = 20,
    as_json: Json = False,
) -> None:
    """List decisions, those to do nothing too."""
    from runtime.core.decision import OUTCOMES as CLASSES  # noqa: PLC0415 - rooms are imported when they are entered

    if class_ is not None and class_ not in CLASSES:
        raise UsageError(f"--class: expected one of {', '.join(CLASSES)}, got {class_!r}")
    _list(account, "decisions", last, as_json, class_=class_, strategy=strategy, run=run)


def orders(account: Account, run: Run = None, last: Last = 20, as_json: Json = False) -> None:
    """List orders and what became of each."""
    _list(account, "orders", last, as_json, run=run)


def outcomes(
    accounts: Accounts,
    by: GroupedBy = None,
    book: Book = None,
    strategy: StrategyName = None,
    run: Run = None,
    since: Since = None,
    until: Until = None,
    last: Last = 20,
    as_json: Json = False,
) -> None:
    """List closed trades, or judge them by group.

    Those of the shadow books too: what would have been without a gate.
    """
    if book not in (None, "live", "shadow"):
        raise UsageError(f"--book: expected live or shadow, got {book!r}")
    if by is not None:
        if book is not None:
            raise UsageError("--book: --by shows both books, one below the other")
        _attributed(accounts, by, strategy, run, (since, until), as_json=as_json)
        return
    if len(accounts) > 1 or since or until:
        raise UsageError("several accounts, --from and --to: together with --by only")
    _list(accounts[0], "outcomes", last, as_json, book=book, strategy=strategy, run=run)


def _attributed(
    accounts: list[str], by: str, strategy: str | None, run: int | None, days: tuple[str | None, str | None], *,
    as_json: bool,
) -> None:  # fmt: skip
    import msgspec  # noqa: PLC0415

    from backtests.attribution import attribution  # noqa: PLC0415
    from backtests.attribution_groups import BYS  # noqa: PLC0415
    from backtests.attribution_rows import Asked  # noqa: PLC0415
    from config.places import journals_of  # noqa: PLC0415
    from tidegate.attribution_told import tell  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    if by not in BYS:
        raise UsageError(f"--by: expected one of {', '.join(BYS)}, got {by!r}")
    first, end = (ms_of(day) for day in days)
    asked = Asked(by, strategy, run, first, end + DAY_MS if end is not None else None)
    groups = attribution(journals_of(accounts), asked)
    if as_json:
        lines([msgspec.structs.asdict(group) for group in groups])
    else:
        tell(groups, by)


@journal.command()
def verify(account: Account, as_json: Json = False) -> None:
    """Check that no row is missing or was changed.

    Exit code 11 if one is.
    """
    from tidegate.output import lines, say  # noqa: PLC0415

    with _reader(account) as reader:
        verdict = reader.verify()
        head = reader.head().hash.hex()
    if as_json:
        lines([{"ok": verdict.ok, "row": verdict.seq, "hash": head if verdict.ok else "", "problem": verdict.problem}])
    if not verdict.ok:
        raise Negative(f"the journal is not whole: {verdict.problem} (row {verdict.seq})")
    if not as_json:
        say(f"whole: {verdict.seq} rows, the last one's hash is {head}")


@journal.command()
def migrate(account: Account, to: To = None, as_json: Json = False) -> None:
    """Bring a journal to the schema of this Tidegate, or back.

    All or nothing; no row of the log is changed. The account's daemon must be ended first.
    """
    from config.places import find  # noqa: PLC0415
    from runtime.journal.migrating import migrate as bring  # noqa: PLC0415
    from runtime.journal.schema import VERSION  # noqa: PLC0415
    from runtime.start import only_daemon  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    place, wanted = find(account), VERSION if to is None else to
    with only_daemon(place.state):
        found = bring(place.journal, wanted)
    if as_json:
        lines([{"account": account, "from": found, "to": wanted}])
    else:
        say(f"schema {found} already" if found == wanted else f"migrated from schema {found} to {wanted}")


@journal.command()
def backup(account: Account, file: File, as_json: Json = False) -> None:
    """Copy a journal to a file, also while its daemon writes it.

    The copy is a journal of its own, checked before it has its name.
    """
    from config.places import find  # noqa: PLC0415
    from runtime.journal.copying import backup as copy  # noqa: PLC0415

    _copied(account, file, copy(find(account).journal, file).seq, as_json)


@journal.command()
def restore(account: Account, file: File, as_json: Json = False) -> None:
    """Make an account's journal of a backup, on either database.

    Only where there is none, and with its daemon ended. The account begins its next run above those at the venue.
    """
    from config.journal import remember  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from runtime.journal.copying import restore as copy  # noqa: PLC0415
    from runtime.start import only_daemon  # noqa: PLC0415

    place = find(account)
    with only_daemon(place.state):
        rows = copy(file, place.journal).seq
        if place.config is not None:
            remember(place.state, place.config.journal, place.config.account.name)
    _copied(account, file, rows, as_json)


@journal.command()
def rebuild(account: Account, write: Write = False, as_json: Json = False) -> None:
    """Make the tables that people read again from the log, and compare.

    Exit code 11 where they differ and were not written. With --write its daemon must be ended.
    """
    import contextlib  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    from config.places import find  # noqa: PLC0415
    from runtime.rebuild import rebuild as make  # noqa: PLC0415
    from runtime.start import only_daemon  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    place = find(account)
    with only_daemon(place.state) if write else contextlib.nullcontext():
        found = make(place.journal, write=write)
    if as_json:
        lines([{"ok": not found.differences or write, **msgspec.to_builtins(found), "written": write}])
    told = ", ".join(f"{name} {count}" for name, count in found.differences.items())
    if found.differences and not write:
        raise Negative(f"rows that the log tells otherwise: {told}: --write puts them in place")
    if not as_json:
        say(f"{'written: ' + told if told else 'the same'}, from {found.rows} rows of the log")


def _copied(account: str, file: Path, rows: int, as_json: bool) -> None:
    from tidegate.output import lines, say  # noqa: PLC0415

    if as_json:
        lines([{"account": account, "file": str(file), "rows": rows}])
    else:
        say(f"whole: {rows} rows")


@journal.command()
def export(account: Account, folder: Folder, as_json: Json = False) -> None:
    """Write the tables people read as Parquet, with a DuckDB of views.

    For notebooks: `backtests.exported.frame(ACCOUNT, TABLE)` gives a table as a pandas frame.
    """
    from backtests.exported import export as written  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    counts = written(find(account).journal, folder)
    rows = [{"table": name, "rows": count, "file": str(folder / f"{name}.parquet")} for name, count in counts.items()]
    show(rows, ("table", "rows", "file"), as_json=as_json)


def _reader(account: str) -> Any:  # noqa: ANN401 - a room's class, imported only here
    from config.places import find  # noqa: PLC0415
    from runtime.journal.reader import JournalReader  # noqa: PLC0415

    return JournalReader(find(account).journal)


def _list(account: str, name: str, last: int, as_json: bool, **where: object) -> None:
    from backtests.why import plain  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    with _reader(account) as reader:
        rows = [plain(row) for row in reader.lines(name, limit=last, last=True, **where)]
    show(rows, COLUMNS[name].split(), as_json=as_json)
