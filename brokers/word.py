"""The shared word of the halt latch as bytes: what stands where, for whoever must read or strike it at once.

It imports next to nothing: a halt begins with it.
"""

import struct

LOOSER = (0, 1)
"""Index of each level that a halt tightens."""
HALT = 2
"""The halt's own."""
WORD = struct.Struct("<4sIQQ")
"""Magic, level index and (above its lowest byte) the check of the scopes, generation, SENDING.

SENDING is the number of the instruction between check and answer, or 0. Whoever does not know of scopes takes an index
with a check above it for a corrupt one, and halts.
"""
MAGIC = b"TGL1"
WORD_SIZE = WORD.size
LEVEL_AT = len(MAGIC)
"""Where the lowest byte of the level's index stands."""
SENDING_AT = 16
LATCH_FILE = "latch.json"
WORD_FILE = "latch.word"
