"""A file at its publisher's, and how the publisher vouches for it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from annotations.engine.errors import ReferenceRefused

#: "ensembl": CHECKSUMS beside the file, lines of BSD ``sum``; "md5": FILE.md5 beside it; "google": the header
#: ``x-goog-hash`` of Google's storage (https://cloud.google.com/storage/docs/hashes-etags), an MD5.
CHECKSUMS = ("ensembl", "md5", "google")
GOOGLE_HEADER = "x-goog-hash"


@dataclass(frozen=True)
class RemoteFile:
    """``bytes`` is about how large the file is (0: not known): it is asked of the disk, and shown."""

    url: str
    checksum: str = ""
    bytes: int = 0

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def checksum_url(self) -> str:
        """Where the publisher's checksum stands; "" when it comes with the file, or not at all."""
        beside = {"ensembl": f"{self.url.rsplit('/', 1)[0]}/CHECKSUMS", "md5": f"{self.url}.md5"}
        return beside.get(self.checksum, "")

    def below(self, base: str) -> RemoteFile:
        """The same file in a mirror that keeps each host's files under its name, as ``wget --mirror`` does."""
        parts = urlsplit(self.url)
        return RemoteFile(f"{base.rstrip('/')}/{parts.netloc}{parts.path}", self.checksum, self.bytes)


def published_sum(file: RemoteFile, text: str) -> str:
    """The checksum that the publisher's text, or Google's header, gives for the file.

    Raises ReferenceRefused when the text has none.
    """
    if file.checksum == "ensembl":
        lines = re.finditer(r"^\s*(\d+)\s+(\d+)\s+(\S+)\s*$", text, re.M)
        found = next((f"{int(line[1])} {int(line[2])}" for line in lines if line[3] == file.name), "")
    elif file.checksum == "md5":
        # The name behind it is that of the dated release, whatever the file is called here.
        found = match[0].lower() if (match := re.match(r"[0-9a-fA-F]{32}\b", text.strip())) else ""
    else:
        coded = re.search(r"md5=([0-9A-Za-z+/]{22}==)", text)
        found = base64.b64decode(coded[1]).hex() if coded else ""
    if not found:
        where = file.checksum_url.rsplit("/", 1)[-1] or GOOGLE_HEADER
        raise ReferenceRefused(f"The publisher's {where} has no checksum of {file.name}. Try again later.")
    return found


def own_sum(file: RemoteFile, path: Path) -> str:
    """The file's checksum in the form that the publisher's has."""
    if file.checksum == "ensembl":
        return _bsd_sum(path)
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "md5").hexdigest()


def _bsd_sum(path: Path) -> str:
    """BSD ``sum``: a 16-bit checksum and the number of 1 KiB blocks. Byte by byte, so it is left to the program."""
    program = shutil.which("sum")
    if program is None:
        raise ReferenceRefused("Ensembl's checksums need the program sum, of coreutils. Install it.")
    with path.open("rb") as opened:
        ran = subprocess.run([program], stdin=opened, capture_output=True, text=True, check=True)
    checksum, blocks = ran.stdout.split()[:2]
    return f"{int(checksum)} {int(blocks)}"
