"""A file at its publisher's, and how the publisher vouches for it."""

from __future__ import annotations

from dataclasses import dataclass

#: "ensembl": CHECKSUMS beside the file, lines of BSD ``sum``; "md5": FILE.md5 beside it; "google": the header
#: ``x-goog-hash`` of Google's storage, an MD5.
CHECKSUMS = ("ensembl", "md5", "google")


@dataclass(frozen=True)
class RemoteFile:
    """``bytes`` is about how large the file is (0: not known): it is shown, and asked of the disk."""

    url: str
    checksum: str = ""
    bytes: int = 0

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]
