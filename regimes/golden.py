"""Golden vectors: rows of features and what the filter made of them in training, computed again at every load."""

import struct

import msgspec

from regimes.filter import filter_rows
from regimes.weights import Matrix, Vector


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of features and what the filter makes of them from a fresh state, to the bit."""

    inputs: Matrix
    posteriors: Matrix
    log_densities: Vector


def golden_of(weights: Vector, inputs: Matrix) -> Golden:
    """Return what the filter makes of rows of features, from a fresh state."""
    posteriors, densities = filter_rows(weights, inputs)
    return Golden(inputs=inputs, posteriors=tuple(posteriors), log_densities=tuple(densities))


def first_difference(golden: Golden, weights: Vector, tolerance: float = 0.0) -> tuple[int, float] | None:
    """Return the first row that comes out differently here, and by how much; None when all are the same bits.

    Differences up to `tolerance` count as none. The golden vectors must be complete: as many of each, of equal length.
    """
    here = golden_of(weights, golden.inputs)
    rows = zip(golden.posteriors, golden.log_densities, here.posteriors, here.log_densities, strict=True)
    for row, (then, density_then, now, density_now) in enumerate(rows):
        apart = max(abs(a - b) for a, b in zip((*then, density_then), (*now, density_now), strict=True))
        if _bits((*then, density_then)) != _bits((*now, density_now)) and not apart <= tolerance:
            return row, apart
    return None


def complete(golden: Golden, states: int, features: int) -> bool:
    """Return whether there are golden rows, as many of each kind, of these shapes."""
    counts = {len(golden.inputs), len(golden.posteriors), len(golden.log_densities)}
    widths = {(len(x), len(p)) for x, p in zip(golden.inputs, golden.posteriors, strict=False)}
    return len(counts) == 1 and widths == {(features, states)}


def _bits(row: Vector) -> bytes:
    return struct.pack(f"<{len(row)}d", *row)
