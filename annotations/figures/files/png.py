"""Has a figure drawn as a PNG: in a child process, bounded in size, memory, time, and in how many run at once."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
FONTS = sorted(HERE.parent.joinpath("fonts").glob("*.otf"))
TIMEOUT_SECONDS = 10
#: Bytes of an SVG; the fullest map of ours takes a tenth of it.
MOST_BYTES = 2 << 20
#: Children of one process at once, and how long a request waits for its turn, in seconds.
MOST_AT_ONCE, PATIENCE_SECONDS = 2, 5
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class NotDrawn(Exception):
    """The picture could not be made. The message is for people."""


@lru_cache(maxsize=16)
def rasterise(svg: bytes) -> bytes:
    """Return the picture of one of our own figures. Raises NotDrawn."""
    if len(svg) > MOST_BYTES:
        raise NotDrawn("The figure is too large for a PNG. Take the SVG.")
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise NotDrawn("Too many figures are being drawn just now. Try again in a moment, or take the SVG.")
    try:
        return _drawn(svg)
    finally:
        _turns.release()


def _drawn(svg: bytes) -> bytes:
    command = [sys.executable, "-I", str(HERE / "rasterise.py"), *map(str, FONTS)]
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    try:
        child = subprocess.run(command, input=svg, capture_output=True, timeout=TIMEOUT_SECONDS, env=environment)  # noqa: PLW1510 (the code is looked at below)
    except subprocess.TimeoutExpired as error:
        raise NotDrawn("The figure took too long to draw as a PNG. Take the SVG.") from error
    if child.returncode or not child.stdout.startswith(b"\x89PNG"):
        logger.error("a figure of %d bytes could not be drawn: exit code %d", len(svg), child.returncode)
        raise NotDrawn("The figure could not be drawn as a PNG. Take the SVG.")
    return child.stdout
