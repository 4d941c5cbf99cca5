"""What is raised of bytes that are not what they were taken for; of text that is none, an error of Python's own."""

import msgspec

UNDECODED = (msgspec.MsgspecError, UnicodeDecodeError)
