"""Words that list what a journal holds: decisions, orders, outcomes."""

from typing import Annotated, Any

import typer

from config.errors import UsageError
from tidegate.words import DAY_MS, Account, Accounts, Json, Last, Run, Since, StrategyName, Until, ms_of

Class = Annotated[str | None, typer.Option("--class", help="Of one outcome class only: traded, vetoed_by_regime …")]
Book = Annotated[str | None, typer.Option("--book", help="live or shadow.")]
GroupedBy = Annotated[
    str | None, typer.Option("--by", help="strategy, model, regime, gate, check, symbol, session, account or exit.")
]

COLUMNS = {
    "decisions": "id bar_time strategy symbol class regime gate_reason holds reasons volume price",
    "orders": "instruction decision at_decided strategy symbol side kind volume price stop state fill_price reason",
    "outcomes": "id book gate strategy symbol side volume opened closed entry_price exit_price net r exit_reason tag",
}
"""What a listing shows of each row; `--json` shows all."""


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (decisions, orders, outcomes):
        app.command()(word)


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


def _reader(account: str) -> Any:  # noqa: ANN401 - a room's class, imported only here
    from config.places import find  # noqa: PLC0415
    from runtime.journal.reader import JournalReader  # noqa: PLC0415

    return JournalReader(find(account).journal)


def _list(account: str, name: str, last: int, as_json: bool, **where: object) -> None:
    from backtests.plain_rows import plain  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    with _reader(account) as reader:
        rows = [plain(row) for row in reader.lines(name, limit=last, last=True, **where)]
    show(rows, COLUMNS[name].split(), as_json=as_json)
