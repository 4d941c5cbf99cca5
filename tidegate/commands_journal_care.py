"""Words that look after a journal: verify, checkpoint, archive, migrate, backup, restore, rebuild, export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import ConfigError, Negative
from tidegate.words import Account, Json, Moved, ms_of

if TYPE_CHECKING:
    from config.account import AccountConfig
    from config.places import Place
    from runtime.journal.checkpoints import Checkpoint, Sealed
    from runtime.journal.entries import Verdict
    from runtime.journal.reader import JournalReader

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made if it is not there.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
Write = Annotated[bool, typer.Option("--write", help="Put them in place of the journal's.")]
To = Annotated[int | None, typer.Option("--to", metavar="N", help="Another schema than the newest, to go back.")]
RingFile = Annotated[Path | None, typer.Option("--ring", metavar="FILE", help="Public keys; else the TOML's.")]
Kept = Annotated[
    Path | None, typer.Option("--checkpoints", metavar="FILE", help="A copy of them; else those beside the journal.")
]

Before = Annotated[str, typer.Option("--before", metavar="DAY", help="A day of UTC, like 2026-01-30; it stays.")]
Archive = Annotated[
    Path | None, typer.Option("--to", metavar="FOLDER", help="Where the Parquet is to lie; else the state's segments.")
]

journal = typer.Typer(help="Look after a journal.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.add_typer(journal, name="journal")


@journal.command()
def verify(
    account: Account, ring: RingFile = None, checkpoints: Kept = None, segments: Moved = None, as_json: Json = False
) -> None:
    """Check that no row is missing or was changed.

    Archived rows too. Signed checkpoints show that its end was not cut off, and that it was not written anew. Exit
    code 11 if it was.
    """
    from backtests.archived import joined  # noqa: PLC0415
    from backtests.words import many  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    place = find(account)
    with joined(place.journal, segments) as reader:
        verdict, sealed, unsealed = _checked(place, reader, ring, checkpoints)
        head = reader.hash_of(verdict.seq).hex()
    problem = verdict.problem or (sealed.problem if sealed else "")
    row = {"ok": not problem, "row": verdict.seq, "hash": head if verdict.ok else "", "problem": problem}
    if as_json:
        lines([{**row, "checkpoints": sealed.checkpoints if sealed else 0, "sealed": sealed.last if sealed else 0}])
    if problem:
        raise Negative(f"the journal is not whole: {problem} (row {verdict.seq})")
    if not as_json:
        say(f"whole: {verdict.seq} rows, the last one's hash is {head}")
        made = many(sealed.checkpoints, "checkpoint") if sealed else ""
        say(f"as signed: {made}, the last at row {sealed.last}" if sealed else unsealed)


def _checked(
    place: "Place", reader: "JournalReader", ring: Path | None, file: Path | None
) -> "tuple[Verdict, Sealed | None, str]":
    """Return what the chain says, and the checkpoints, or in words why they say nothing."""
    from config.checkpoints import FILE, sealing  # noqa: PLC0415

    config = place.config
    keys = sealing(config.checkpoints, config.bus) if config else None
    trusted, kept = ring or (Path(keys.ring) if keys else None), file or place.state / FILE
    if not kept.exists():
        if file is not None:
            raise ConfigError(f"{file}: there is no such file: name the copy of the checkpoints")
        return reader.verify(), None, "no checkpoint was signed: that its end was not cut off, nothing shows"
    if trusted is None:
        said = "its checkpoints were not looked at: name the account's TOML, or the public keys by --ring"
        return reader.verify(), None, said
    from runtime.journal.checkpoints import check  # noqa: PLC0415 - it brings the library of signatures
    from runtime.operator.keyfiles import read_ring  # noqa: PLC0415

    return *check(kept, read_ring(trusted), reader, config.account.name if config else ""), ""


def _signed(config: "AccountConfig", state: Path) -> "Checkpoint | None":
    """Sign where an account's journal stands; None where no key is configured, Negative where it is not whole."""
    from backtests.archived import joined  # noqa: PLC0415
    from config.checkpoints import sealing  # noqa: PLC0415
    from config.places import journal_of  # noqa: PLC0415
    from runtime.clock import Clock  # noqa: PLC0415

    keys, name = sealing(config.checkpoints, config.bus), config.account.name
    if keys is None:
        return None
    from runtime.journal.checkpoints import sign, signer_for  # noqa: PLC0415 - it brings the library of signatures

    signer = signer_for(keys, name)
    with joined(journal_of(config, state)) as reader:
        head, verdict = reader.head(), reader.verify()
    if not verdict.ok:
        raise Negative(f"nothing was signed, the journal is not whole: {verdict.problem} (row {verdict.seq})")
    return sign(state, signer, name, head, Clock().wall_ms())


@journal.command()
def checkpoint(account: Account, as_json: Json = False) -> None:
    """Sign where a journal stands.

    Also while its daemon writes it. ACCOUNT is a TOML, since that names the key. The daemon does so at the end of
    each day and run. The line may be kept elsewhere: verify takes it by --checkpoints.
    """
    import msgspec  # noqa: PLC0415

    from config.checkpoints import FILE  # noqa: PLC0415
    from config.places import configured  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    config, state = configured(account)
    made = _signed(config, state)
    if made is None:
        raise ConfigError("no key is configured, so nothing was signed: tidegate keys new makes one for [checkpoints]")

    if as_json:
        lines([{**msgspec.structs.asdict(made), "file": str(state / FILE)}])
    else:
        say(f"signed: row {made.seq}, its hash is {made.hash}, in {state / FILE}")


@journal.command()
def archive(account: Account, before: Before, to: Archive = None, as_json: Json = False) -> None:
    """Move old rows to Parquet, with the chain intact.

    They leave the journal once the file was read back. What a restart needs stays, and so do all tables that people
    read. Where a key is configured and ACCOUNT is a TOML, a checkpoint is signed behind it. The account's daemon must
    be ended first.
    """
    from backtests.archive import archive as move  # noqa: PLC0415
    from backtests.archived import FOLDER  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from runtime.clock import Clock  # noqa: PLC0415
    from runtime.start import only_daemon  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    place, until = find(account), ms_of(before)
    with only_daemon(place.state), Watch() as watch:
        made = move(
            place.journal, until or 0, to or place.state / FOLDER, Clock().wall_ms(), watch.stage, watch.progress
        )
        sealed = _signed(place.config, place.state) if made and place.config else None
    if as_json:
        ends = (made.first, made.last, made.hash, made.file) if made else (0, 0, "", "")
        lines([{"account": account, **dict(zip(("first", "last", "hash", "file"), ends, strict=True))}])
    elif made is None:
        say("nothing to archive: what is left was written on that day or later, or a restart needs it")
    else:
        say(
            f"rows {made.first} to {made.last} are in {made.file} now"
            + (f"; signed: row {sealed.seq}" if sealed else "")
        )


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
    """Copy a journal to a file.

    Also while its daemon writes it. The copy is a journal of its own, checked before it has its name.
    """
    from config.places import find  # noqa: PLC0415
    from runtime.journal.copying import backup as copy  # noqa: PLC0415

    _copied(account, file, copy(find(account).journal, file).seq, as_json)


@journal.command()
def restore(account: Account, file: File, as_json: Json = False) -> None:
    """Make an account's journal of a backup.

    On either database. Only where there is none, and with its daemon ended. The account begins its next run above
    those at the venue.
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
def rebuild(account: Account, write: Write = False, segments: Moved = None, as_json: Json = False) -> None:
    """Make the tables people read anew, and compare.

    From the log alone, archived rows too. Exit code 11 where they differ and were not written. With --write its
    daemon must be ended.
    """
    import contextlib  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    from backtests.archived import beside  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from runtime.rebuild import rebuild as make  # noqa: PLC0415
    from runtime.start import only_daemon  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    place = find(account)
    with only_daemon(place.state) if write else contextlib.nullcontext():
        found = make(place.journal, write=write, earlier=beside(place.journal, segments))
    if as_json:
        lines([{"ok": not found.differences or write, **msgspec.to_builtins(found), "written": write}])
    told = ", ".join(f"{name} {count}" for name, count in found.differences.items())
    if found.differences and not write:
        older = f" ({found.older} of the log's rows are of an earlier schema, which may have told it otherwise)"
        raise Negative(
            f"rows that the log tells otherwise: {told}{older if found.older else ''}: --write puts them in place"
        )
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
    """Write the tables people read as Parquet.

    With a DuckDB of views over them. For notebooks: `backtests.exported.frame(ACCOUNT, TABLE)` gives a table as a
    pandas frame.
    """
    from backtests.exported import export as written  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    counts = written(find(account).journal, folder)
    rows = [{"table": name, "rows": count, "file": str(folder / f"{name}.parquet")} for name, count in counts.items()]
    show(rows, ("table", "rows", "file"), as_json=as_json)
