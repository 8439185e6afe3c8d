"""Room on this machine's disk: asked for before something large arrives, and told apart from other errors after."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What uploads may not take, in bytes: databases, results and logs lie on the same disk.
KEPT_FREE = 256 * 1024**2
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NoRoom(OSError):
    """The disk has no room for what arrives."""


def need_room(directory: Path, size: int) -> None:
    """Raise NoRoom where the disk of ``directory`` cannot take ``size`` more bytes and keep KEPT_FREE."""
    if shutil.disk_usage(directory).free < size + KEPT_FREE:
        raise NoRoom(errno.ENOSPC, "too little is free")


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn the errors of a full disk, of a quota and of a file's largest size into NoRoom."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL and not isinstance(error, NoRoom):
            raise NoRoom(error.errno, error.strerror) from error
        raise
