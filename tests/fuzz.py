"""Bytes that atheris makes up, guided by what they reach, said to an account's ears: `nox -s fuzz -- 1000000`."""

import argparse
import importlib
import logging
import sys
import tempfile

from pathlib import Path
from typing import Any

import structlog

LONGEST = 4200
"""Bytes of an input: a little more than the longest text that is signed."""


def main() -> None:
    """Say so many things; end with another code than 0 at the first that does what it must not.

    atheris is imported here: only its own session has it, and this file is looked through for examples as all are.
    """
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["runtime.bus", "runtime.operator", "brokers.latch", "joserfc"]):
        fuzzed_kind = importlib.import_module("tests.fuzzed").Fuzzed
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as name:
        fuzzed = fuzzed_kind(Path(name))
        corpus = Path(name) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(fuzzed.seeds()):
            (corpus / str(number)).write_bytes(seed)

        def one(data: bytes) -> None:
            fuzzed.one(data)
            if fuzzed.counts["inputs"] == asked.inputs:
                told(fuzzed.counts)

        atheris.Setup(
            [
                sys.argv[0],
                str(corpus),
                f"-runs={asked.inputs}",
                f"-max_len={LONGEST}",
                f"-seed={asked.seed}",
                "-verbosity=0",
            ],
            one,
        )
        atheris.Fuzz()


def told(counts: Any) -> None:  # noqa: ANN401 - a Counter
    """Print what became of the inputs; the fuzzer leaves without coming back."""
    for what, count in sorted(counts.items()):
        sys.stdout.write(f"{count:>10,} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
