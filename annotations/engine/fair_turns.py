"""Whose turn it is of many at one rank: an order of a genome's places that favours none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MASK = (1 << 64) - 1


@overload
def turn(position: int) -> float: ...
@overload
def turn(position: NDArray[np.uint64]) -> NDArray[np.float64]: ...
def turn(position: int | NDArray[np.uint64]) -> float | NDArray[np.float64]:
    """Return when a position's turn is, from 0 to 1: those before any moment are a fair sample of all.

    It depends on the position alone, so a file in parts chooses as one pass does. The mixing is SplitMix64's (Steele,
    Lea and Flood 2014), which keeps no trace of how the positions are spaced.

    >>> [position for position in range(1, 100) if turn(position) < 0.1]
    [3, 33, 34, 42, 43, 44, 54, 95, 96]
    """
    mixed = position * 0x9E3779B97F4A7C15 & _MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
    return (mixed ^ mixed >> 31) / 2.0**64
