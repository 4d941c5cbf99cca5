"""What is told of a backtest is the same by either drive: the numbers, the page, and the words of any decision."""

import re

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from pandas.testing import assert_frame_equal

from backtests.backtest import Engine, run_backtest
from backtests.compare import compare
from backtests.demo import demo_config
from backtests.model_place import ready_models
from backtests.record import Record, record_of_drive
from backtests.report import report_html
from backtests.saved import columns_of, joined, read_table, save
from backtests.saved_decisions import Growing
from backtests.summary import summary_of
from runtime.core.decision import Decision
from tests.records import rows_in

BARS = 1500
DRIVES: tuple[Engine, Engine] = ("plain", "compiled")
BY_CHANCE = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@cache
def record_by(engine: Engine) -> Record:
    """Return the demo's account with its trend strategy alone as a drive has played it; who that was is left out."""
    with TemporaryDirectory() as name:
        config = demo_config(Path(name))
        config = msgspec.structs.replace(config, strategies=config.strategies[:1])
        models = ready_models(config, lambda _text: None)
        drive, tapes = run_backtest(config, bars=BARS, models=models, engine=engine)
    assert engine == drive.played
    return msgspec.structs.replace(record_of_drive(drive, tapes, config, models), played="")


def test_the_summary_is_the_same_by_either_drive() -> None:
    """Every number of it, to the bit."""
    plain, compiled = (summary_of(record) for record in map(record_by, DRIVES))

    assert msgspec.json.encode(plain) == msgspec.json.encode(compiled)
    assert 0 < plain.vetoed_by_regime
    assert 0 < (plain.shadow_trades or 0)


def test_the_page_is_the_same_by_either_drive() -> None:
    """Figures and all, but for the names that plotly gives them by chance."""
    plain, compiled = (report_html(record, summary_of(record)) for record in map(record_by, DRIVES))

    assert BY_CHANCE.sub("", plain) == BY_CHANCE.sub("", compiled)


@pytest.mark.parametrize("place", [0, 7, -1, slice(0, 3), slice(-5, None), slice(9, 3)], ids=str)
def test_any_decision_can_be_had_in_words(place: int | slice) -> None:
    """One, or some, as from a list."""
    plain, compiled = (record_by(engine).decisions for engine in DRIVES)

    assert len(plain) == len(compiled)
    assert msgspec.msgpack.encode(plain[place]) == msgspec.msgpack.encode(compiled[place])


def test_what_is_saved_is_the_same_by_either_drive(tmp_path: Path) -> None:
    """Every cell of every table; and the decisions are those that the words say."""
    folders = [
        save(tmp_path / engine, record, summary_of(record))
        for engine, record in zip(DRIVES, map(record_by, DRIVES), strict=True)
    ]
    plain, compiled = (read_table(folder, "decisions") for folder in folders)
    words = columns_of(list(record_by("compiled").decisions))

    assert_frame_equal(plain, compiled, check_exact=True)
    assert list(words) == [name for name in Decision.__struct_fields__ if name in compiled.columns]
    for name in ("at", "outcome", "gate_reason", "score", "side", "instruction", "magic", "stop", "log_density"):
        assert str(words[name]) == str(compiled[name].tolist())
    for name in ("features", "posterior", "numbers", "limits", "reasons", "holds"):
        assert [joined(value) for value in words[name]] == compiled[name].tolist()
    assert compare(*folders).same


def test_the_drive_tells_of_decisions_while_it_makes_them(tmp_path: Path) -> None:
    """What is written then is what is written of the record that is finished."""
    config = demo_config(tmp_path)
    config = msgspec.structs.replace(config, strategies=config.strategies[:1])
    models = ready_models(config, lambda _text: None)

    with Growing(tmp_path / "growing.parquet", 100) as growing:
        drive, _ = run_backtest(config, bars=BARS, models=models, engine="compiled", growing=growing)
        told = growing.done
        growing.end(drive.decisions)
    with Growing(tmp_path / "once.parquet") as once:
        once.end(drive.decisions)

    assert len(drive.decisions) // 100 * 100 == told
    assert rows_in(tmp_path / "once.parquet") == rows_in(growing.file)
