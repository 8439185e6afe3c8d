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


@contextmanager
def open_local(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, decompressed when it is gzip or BGZF.

    Raises ReferenceRefused when it is missing, unreadable, empty or damaged, also while it is being read.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(len(GZIP_MAGIC))
            if not magic:
                raise ReferenceRefused(f"{path.name} is empty.")
            raw.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReferenceRefused(f"{path.name} is a damaged gzip file. Copy it again.") from error
    except OSError as error:
        raise ReferenceRefused(f"{path.name} cannot be read: {error.strerror or error}.") from error


def text_lines(file: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without line ends; ReferenceRefused where one is not UTF-8 text."""
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ReferenceRefused(f"{name}, line {number}: this is not UTF-8 text. Save it as UTF-8.") from error
        if "\0" in text:
            raise ReferenceRefused(f"{name}, line {number}: this is not a text file.")
        yield number, text.rstrip("\r\n")
