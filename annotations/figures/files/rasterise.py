"""Turns an SVG on stdin into a PNG on stdout; run as a script, in a process of its own with limits of its own.

Its only fonts are those it is told of (arguments), so that a machine without any draws the same.
"""

from __future__ import annotations

import resource
import sys

import resvg_py

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 10
#: Pixels of the picture to a unit of the drawing: sharp on a slide.
ZOOM = 2.0


def main(fonts: list[str]) -> None:
    """Read, draw, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    picture = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=fonts,
        font_family="Inter",
        sans_serif_family="Inter",
        monospace_family="Inter",
    )
    sys.stdout.buffer.write(bytes(picture))


if __name__ == "__main__":
    main(sys.argv[1:])
