"""A file that goes in parts."""

from __future__ import annotations

import os
from pathlib import Path

from tests.browser.pages import EXAMPLE

MIB = 1024 * 1024


def long_vcf(path: Path) -> Path:
    """Write a VCF of three parts with one variant."""
    lines = EXAMPLE.read_bytes().split(b"\n")
    header = [line for line in lines if line.startswith(b"#")]
    padding = [b"##note=" + os.urandom(50_000).hex().encode() for _ in range(350)]
    variant = next(line for line in lines if line and not line.startswith(b"#"))
    path.write_bytes(b"\n".join([*header[:-1], *padding, header[-1], variant, b""]))
    assert 32 * MIB < path.stat().st_size < 48 * MIB
    return path
