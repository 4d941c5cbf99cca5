"""What a daemon does with memory that is loaded once and stays."""

import gc


def settle() -> None:
    """Have the collector walk no more what is loaded by now and stays."""
    gc.unfreeze()  # what the last link leaves behind was settled, too, and would never be let go
    gc.collect()
    gc.freeze()
