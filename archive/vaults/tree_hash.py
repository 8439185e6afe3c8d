"""Glacier's checksum: a tree of SHA-256 over pieces of one mebibyte.

https://docs.aws.amazon.com/amazonglacier/latest/dev/checksum-calculations.html
"""

from __future__ import annotations

import hashlib

LEAF_BYTES = 1024 * 1024


def leaves_of(data: bytes) -> list[bytes]:
    """Return the hashes of the mebibytes of ``data``."""
    view = memoryview(data)
    return [hashlib.sha256(view[at : at + LEAF_BYTES]).digest() for at in range(0, max(len(data), 1), LEAF_BYTES)]


def root_of(leaves: list[bytes]) -> str:
    """Return the tree's root in hex: neighbours are hashed together, level by level; an odd one goes up as it is."""
    while len(leaves) > 1:
        pairs = [leaves[at : at + 2] for at in range(0, len(leaves), 2)]
        leaves = [hashlib.sha256(pair[0] + pair[1]).digest() if len(pair) > 1 else pair[0] for pair in pairs]
    return leaves[0].hex()
