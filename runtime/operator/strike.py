"""The first blow of a halt: one byte of the shared word, written before anything else of the command is loaded.

The gateway reads the word before each send, so nothing new leaves from then on. It is no halt yet that anybody could
ask for who and why: the word now contradicts the file, and the whole command follows, which latches as ever. Where it
does not come to that, what reads as halt stays one until somebody latches a level again.
"""

import os

from brokers.word import HALT, LEVEL_AT, LOOSER, MAGIC, WORD_FILE, WORD_SIZE

BINARY = getattr(os, "O_BINARY", 0)


def strike(folder: str | os.PathLike[str]) -> bool:
    """Strike an account's word down to halt; False where it is no looser, or cannot be, and nothing was done."""
    try:
        number = os.open(os.path.join(folder, WORD_FILE), os.O_RDWR | BINARY)  # noqa: PTH118 - pathlib is not loaded
    except OSError:
        return False
    try:
        raw = os.read(number, WORD_SIZE + 1)
        if len(raw) != WORD_SIZE or raw[:LEVEL_AT] != MAGIC or raw[LEVEL_AT] not in LOOSER:
            return False
        os.lseek(number, LEVEL_AT, os.SEEK_SET)
        return os.write(number, bytes([HALT])) == 1
    except OSError:
        return False
    finally:
        os.close(number)
