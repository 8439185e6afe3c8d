"""Gives memory that lies free back to the system, where the C library can do that (glibc)."""

from __future__ import annotations

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Give back every free page, also those between others: malloc by itself gives back those at the heap's end alone.

    What is kept for long, such as what the table's footer will say, comes to lie between blocks that are gone.
    """
    if _trim is not None:
        _trim(ctypes.c_size_t(0))
