"""Files an administrator hands to ``install_reference``: text, plain or gzip by content, told apart from binaries."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from annotations.engine.errors import ReferenceRefused

GZIP_MAGIC = b"\x1f\x8b"
#: A record of a cohort of many thousand samples comes near; nothing honest is longer.
MAX_LINE_BYTES = 32 << 20


@contextmanager
def open_local(path: Path, name: str = "") -> Iterator[BinaryIO]:
    """The file's bytes, decompressed when it is gzip or BGZF; ``name`` is what people call it.

    Raises ReferenceRefused when it is missing, unreadable, empty or damaged, also while it is being read.
    """
    name = name or path.name
    try:
        with path.open("rb") as raw:
            magic = raw.read(len(GZIP_MAGIC))
            if not magic:
                raise ReferenceRefused(f"{name} is empty.")
            raw.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReferenceRefused(f"{name} is a damaged gzip file. Copy it again.") from error
    except OSError as error:
        raise ReferenceRefused(f"{name} cannot be read: {error.strerror or error}.") from error


def text_lines(file: BinaryIO, name: str, max_bytes: int | None = None) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without line ends.

    Raises ReferenceRefused where one is not UTF-8 text or longer than MAX_LINE_BYTES, and when the lines come to
    more than ``max_bytes``.
    """
    total = 0
    for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""), start=1):
        total += len(line)
        if len(line) > MAX_LINE_BYTES:
            raise ReferenceRefused(f"{name}, line {number}: longer than {MAX_LINE_BYTES >> 20} MB. Break it up.")
        if max_bytes is not None and total > max_bytes:
            raise ReferenceRefused(f"{name}, line {number}: the file holds more than {max_bytes >> 20} MB. Split it.")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ReferenceRefused(f"{name}, line {number}: this is not UTF-8 text. Save it as UTF-8.") from error
        if "\0" in text:
            raise ReferenceRefused(f"{name}, line {number}: this is not a text file.")
        yield number, text.rstrip("\r\n")
