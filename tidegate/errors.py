"""From whatever a command met to one line on stderr and an exit code that scripts may rely on."""

import contextlib
import errno
import sys
import traceback

from collections.abc import Callable, Sequence

from config.errors import DataError, DiskError, TidegateError, UsageError

BUG = 1
INTERRUPTED = 130

REFUSALS: dict[str, int] = {
    "backtests.replay.ReplayMismatch": 11,
    "brokers.mt5.lookalike.launch.LaunchError": 7,
    "brokers.mt5.lookalike.record.RecordError": 7,
    "brokers.mt5.lookalike.setup.SetupError": 7,
    "brokers.mt5.lookalike.wire.Stranger": 7,
    "brokers.mt5.session.LinkLostError": 7,
    "brokers.mt5.session.WrongTerminalError": 7,
    "brokers.venue.VenueError": 3,
    "market.barcheck.BarFileError": 4,
    "market.feature.FeatureError": 3,
    "regimes.weights.ModelError": 5,
    "runtime.model_files.ModelFileError": 3,
    "runtime.operator.client.UnreachableError": 9,
    "runtime.operator.latch.LatchError": 11,
    "runtime.operator.ways.NoWayError": 9,
    "strategies.protocol.StrategyError": 3,
}
"""Exit codes of what the rooms raise by names of their own; subclasses have their base's."""

EXTRAS: dict[str, str] = {
    "aiomqtt": "mqtt",
    "arch": "demo",
    "duckdb": "clients",
    "fpdf": "clients",
    "hmmlearn": "train",
    "joserfc": "mqtt",
    "lightgbm": "models",
    "numba": "backtest",
    "onnxruntime": "onnx",
    "optuna": "optuna",
    "pandas": "backtest",
    "plotly": "backtest",
    "pyarrow": "backtest",
    "ray": "ray",
    "scipy": "train",
    "sklearn": "train",
    "skops": "models",
}
"""Packages that come with an extra only."""

MISPLACED = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""What a path may be that a person typed, and no bug."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


def guarded(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; a refusal becomes one line on stderr, a bug shows its traceback."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else BUG if end.code else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - this is the outermost door: whatever comes is shown here or nowhere
        refusal = as_refusal(error)
        with contextlib.suppress(OSError):  # who cannot be told anything is told by the exit code
            if refusal is None:
                traceback.print_exc()
            else:
                sys.stderr.write(f"tidegate: error: {refusal}\n")
                sys.stderr.flush()
        return BUG if refusal is None else refusal.exit_code
    return 0


def as_refusal(error: BaseException) -> TidegateError | None:
    """Return an error as a refusal with an exit code, or None where it is a bug."""
    match error:
        case TidegateError():
            return error
        case ModuleNotFoundError() if error.name is not None and error.name.partition(".")[0] in EXTRAS:
            extra = EXTRAS[error.name.partition(".")[0]]
            return UsageError(f'this command needs the package {error.name}: install "tidegate[{extra}]"')
        case OSError() if error.errno in FULL:
            return DiskError(f"{error.filename or 'the disk'}: {error.strerror}: mend that, then start again")
        case OSError() if isinstance(error, MISPLACED) and error.filename:
            place = error.filename2 or error.filename
            return DataError(f"{place}: {error.strerror}: name another, or give this user the right to it")
        case _:
            return _from_below(error)


def _from_below(error: BaseException) -> TidegateError | None:
    for kind in type(error).__mro__:
        code = REFUSALS.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return _with_code(code, str(error))
    return None


def _with_code(code: int, message: str) -> TidegateError:
    kinds: Sequence[type[TidegateError]] = TidegateError.__subclasses__()
    return next(kind for kind in kinds if kind.exit_code == code)(message)
