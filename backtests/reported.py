"""Demo and backtest from beginning to end: models made ready, bars played, numbers and report made of what happened."""

import time

from contextlib import nullcontext
from datetime import date
from pathlib import Path

import msgspec

from backtests.backtest import Engine, run_backtest
from backtests.demo_folder import claimed
from backtests.gates_worth import gates_worth
from backtests.model_place import ready_models
from backtests.record import Record, record_of_drive
from backtests.recorded import read_ahead
from backtests.saved import Form, growing_in, save
from backtests.screen import Watch
from backtests.summary import Summary, summary_of
from config.account import AccountConfig
from config.errors import UsageError
from config.recorded import DataSection
from runtime.assemble import models_of

REPORT = "report.html"


def reported_demo(
    folder: Path, *, bars: int | None, speed: float | None, data: Path | None, symbol: str | None, watch: Watch
) -> Summary:
    """Run the demo in a folder of its own; the numbers are those of the daemon's journal."""
    from backtests.demo import run_demo  # noqa: PLC0415 - a backtest needs no daemon, and no database of a journal
    from backtests.record_journal import record_of_journal  # noqa: PLC0415 - likewise

    with claimed(folder):
        done = run_demo(
            folder, bars=bars, speed=speed, data=data, symbol=symbol, progress=watch.progress, stage=watch.stage
        )
        watch.stage("reading the journal, writing the report")
        config: AccountConfig = done["config"]
        record = record_of_journal(done["state"], config, models_of(config))
        return _reported(record, done["seconds"], folder / REPORT)


def reported_backtest(  # noqa: PLR0913 - what a command asks for, each by its name
    config: AccountConfig,
    *,
    first: date | None,
    last: date | None,
    bars: int | None,
    shadows: bool,
    report: Path | None,
    watch: Watch,
    trials: int = 1,
    save_in: Path | None = None,
    form: Form = "parquet",
    engine: Engine = "auto",
    every: bool = False,
) -> Summary:
    """Play an account over its recorded bars; report and saved backtest are written where they are asked for.

    `trials`: how many variants were tried, this one among them. `every`: judge each gate, and each check of it.
    """
    read_ahead(config, watch.stage, watch.progress)
    models = ready_models(config, watch.stage)
    watch.stage("playing recorded bars")
    with growing_in(save_in) if save_in and form == "parquet" else nullcontext() as growing:
        began = time.monotonic()
        drive, tapes = run_backtest(
            config,
            first=first,
            last=last,
            bars=bars,
            shadows=shadows,
            every=every,
            models=models,
            progress=watch.progress,
            engine=engine,
            compiling=lambda: watch.stage("compiling loops, which are kept for the next time"),
            growing=growing,
        )
        seconds = time.monotonic() - began
        watch.stage("counting what came of it")
        record = record_of_drive(drive, tapes, config, models, shadows=shadows)
        summary = _reported(record, seconds, report, trials)
        if every:
            gates, checks = gates_worth(record)
            summary = msgspec.structs.replace(summary, gates=gates, checks=checks)
        if save_in is None:
            return summary
        watch.stage("saving it")
        return msgspec.structs.replace(summary, saved=str(save(save_in, record, summary, form, growing)))


def with_data(config: AccountConfig, file: Path) -> AccountConfig:
    """Return the account with another file of bars of its one symbol; all else said of its data stays."""
    symbols = {(s.symbol, s.timeframe) for s in config.strategies}
    symbols |= {(r.symbol, r.told) for r in config.regimes.values()}
    if len(symbols) != 1:
        raise UsageError(f"--data names one file, the account reads {len(symbols)} feeds: name each in its [data]")
    symbol, timeframe = symbols.pop()
    name = config.table_of(symbol, timeframe) or symbol
    section = config.data.get(name, DataSection(timeframe=timeframe))
    section = msgspec.structs.replace(section, source="", file=str(file.absolute()))
    return msgspec.structs.replace(config, data={**config.data, name: section})


def _reported(record: Record, seconds: float, file: Path | None, trials: int = 1) -> Summary:
    summary = summary_of(record, seconds=seconds, trials=trials)
    if file is None:
        return summary
    from backtests.report import write_report  # noqa: PLC0415 - it imports plotly, and only a report needs that

    written = write_report(file, record, summary)
    return msgspec.structs.replace(summary, report=str(written))
