"""One screen: what came of a demo, a backtest or a training, for people at a terminal; and progress while they wait."""

import time

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from backtests.metrics import CHOICE, scored
from backtests.summary import Summary
from backtests.training_told import training_told
from backtests.words import money, number, share, whole
from backtests.worth import worth_in_short
from config.errors import one_line

WIDEST = 100
EVERY_S = 0.1
"""Seconds between two looks of the progress bar."""


class Watch:
    """Says on stderr what is being done and how far it has come; lines only, where nobody looks at a terminal."""

    def __init__(self) -> None:
        """Begin silent."""
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(), console=self._console, transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._shown = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._progress.stop()

    def stage(self, text: str) -> None:
        """Say what is done from here on."""
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(one_line(text), total=None)
        if not self._console.is_terminal:
            self._console.print(f"{one_line(text)} …", soft_wrap=True)

    def progress(self, done: int, total: int) -> None:
        """Show how far the stage has come; asking often costs little."""
        now = time.monotonic()
        if self._progress.task_ids and (now - self._shown > EVERY_S or done >= total):
            self._shown = now
            self._progress.update(self._progress.task_ids[-1], completed=done, total=total)


def show_summary(s: Summary) -> None:
    """Print a summary on one screen."""
    console = _console()
    top = Table.grid(padding=(0, 4))
    top.add_row(_keys(s), _classes(s))
    parts: list[RenderableType] = [top, Text(), _strategies(s)]
    parts += [Text(), _regimes(s)] if s.regimes else []
    parts += [Text(), Text(s.gate_sentence, style="bold")]
    parts += map(Text, worth_in_short(s.worth)) if s.worth is not None else []
    parts += _faults(s) if s.faults else []
    title = Text(one_line(f"{s.data}, {s.first} to {s.last}"))
    console.print(Panel(Group(*parts), title=title, title_align="left", padding=(1, 2)))
    for note in s.notes:
        console.print(Text(f"· {one_line(note)}", style="dim"))
    if s.report:
        console.print(Text(f"\nreport: {one_line(s.report)}"), soft_wrap=True)
    if s.saved:
        console.print(Text(f"saved: {one_line(s.saved)}"), soft_wrap=True)


def show_training(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what each regime model learnt from, and what its states are like."""
    console = _console()
    for name, report in reports.items():
        known = "converged" if report["converged"] else "did NOT converge"
        table = _table("state", "occupancy", "volatility a bar", "dwell, bars", "efficiency", "autocorrelation")
        for p in report["profiles"]:
            table.add_row(
                str(p["state"]), share(p["occupancy"]), share(p["volatility"], 2), number(p["dwell"]),
                number(p["efficiency"], 2), number(p["autocorrelation"], 2),
            )  # fmt: skip
        rows = f"{number(report['rows'], 0)} of {number(report['bars'], 0)} bars"
        learnt = f"{rows}, log likelihood {number(report['log_likelihood'], 2)}, {known}"
        learnt += f" in {report['iterations']} iterations"
        said = map(Text, (learnt, *training_told(report)))
        console.print(Panel(Group(table, Text(), *said), title=Text(name), title_align="left", padding=(1, 2)))
        if "choice" in report:
            console.print(_choice(report["choice"]))
        console.print(Text(f"model {report['fingerprint'][:12]} in {one_line(report['folder'])}\n"), soft_wrap=True)


def _choice(choice: Mapping[str, Any]) -> Table:
    """Return the table that a number of states was chosen by."""
    first, *rest = CHOICE
    table = _table(first, "verdict", *rest, texts=2)
    for row in choice["table"]:
        table.add_row(row["option"], row["verdict"], *scored(row))
    return table


class _Screen(Console):
    """A screen; a reader who has gone away (`… | head`) ends the command quietly."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(0) from None


def _console() -> Console:
    console = _Screen(highlight=False, markup=False)
    console.width = min(console.width, WIDEST) if console.is_terminal else WIDEST
    return console


def _faults(s: Summary) -> list[Text]:
    """Return what speaks against it, each after a mark of its own."""
    return [Text(f"! {one_line(fault.sentence)}", style="bold") for fault in s.faults]


def _table(*columns: str, texts: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < texts else "right", overflow="fold")
    return table


def _keys(s: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right")
    w = s.win_rate
    rows = {
        "bars": number(s.bars, 0) + (f", {number(s.bars_per_second, 0)} a second" if s.bars_per_second else ""),
        "orders, deals": f"{number(s.orders, 0)}, {number(s.deals, 0)}",
        "trades": number(s.trades, 0),
        "won (95 %)": f"{share(w.share)} ({share(w.low, 0)} to {share(w.high, 0)})" if w else "–",
        "final balance": f"{money(s.final_balance)} {s.currency}",
        "realised": f"{money(s.realised_pnl, signed=True)} {s.currency}",
        "without the gate": f"{money(s.shadow_pnl, signed=True)} {s.currency}" if s.shadow_pnl is not None else "–",
        "gate's value": f"{money(s.gate_value, signed=True)} {s.currency}" if s.gate_value is not None else "–",
        "gate's value in risks": f"{number(s.gate_r)} R",
        "deepest drawdown": f"{share(s.max_drawdown_share)} ({money(s.max_drawdown)})",
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _classes(s: Summary) -> Table:
    table = _table("decisions", number(s.decisions, 0))
    for name, count in s.by_class.items():
        if count:
            table.add_row(name.replace("_", " "), number(count, 0))
    return table


def _strategies(s: Summary) -> Table:
    table = _table("strategy", "gate", "trades", "net", "vetoed", "shadow", "net", "gate's value", texts=2)
    for x in s.strategies:
        table.add_row(
            x.strategy, x.gate, number(x.trades, 0), whole(x.net), number(x.vetoed, 0),
            number(x.shadow_trades, 0), whole(x.shadow_net), whole(x.gate_value),
        )  # fmt: skip
    return table


def _regimes(s: Summary) -> Table:
    table = _table("regime", "state", "bars", "occupancy", "volatility a bar", "dwell, bars")
    for r in s.regimes:
        table.add_row(
            r.regime, str(r.state), number(r.bars, 0), share(r.occupancy), share(r.volatility, 2), number(r.dwell)
        )
    return table
