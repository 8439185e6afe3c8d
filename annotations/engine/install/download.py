"""Downloads that survive: what was loaded stays, the rest is asked for with Range, and the whole is checked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO, cast

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.response import HTTPResponse

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.remote import GOOGLE_HEADER, RemoteFile, own_sum, published_sum
from annotations.engine.reference import sha256_of

#: Times one file is tried; the waits between double from a second on.
ATTEMPTS = 6
#: Seconds without a byte after which a connection counts as lost.
SILENCE_SECONDS = 60.0
MAX_WAIT_SECONDS = 60.0
#: Answers that another try cannot change.
_FINAL = {400, 401, 403, 404, 410, 451}
_CHUNK = 1 << 18

#: Name of the file, bytes so far, bytes in all (0: not told).
OnBytes = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fetched:
    """A file that is here and checked; ``checked`` says by what, ``date`` is the publisher's, as 2026-11-22."""

    path: Path
    url: str
    size: int
    sha256: str
    checked: str
    date: str = ""


class _Lost(Exception):
    """One try failed; another may not. ``wait`` is how many seconds the server asks for."""

    def __init__(self, cause: str, wait: float = 0) -> None:
        super().__init__(cause)
        self.wait = wait


class Downloader:
    """Fetches files into a directory, from their publishers or from a mirror (an address or a directory)."""

    def __init__(
        self, directory: Path, mirror: str = "", *, on_bytes: OnBytes = lambda *_: None, first_wait: float = 1.0
    ) -> None:
        self._directory = directory
        self._mirror = mirror
        self._on_bytes = on_bytes
        self._first_wait = first_wait
        redirects = urllib3.Retry(5, connect=0, read=0, redirect=5, status=0, other=0, raise_on_status=False)
        timeout = urllib3.Timeout(connect=30.0, read=SILENCE_SECONDS)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=redirects)

    def fetch(self, file: RemoteFile) -> Fetched:
        """The file, whole and checked against its publisher's checksum.

        Raises ReferenceRefused, naming the file and what to do. What was loaded stays for the next time, except
        where the checksum differs.
        """
        source = file.below(self._mirror) if self._mirror else file
        if "://" not in source.url:
            return self._checked(file, source, Path(source.url), {}, here=False)
        target = self._directory / file.name
        if target.is_file():
            try:
                return self._checked(file, source, target, _told(target), here=True)
            except ReferenceRefused:
                target.unlink(missing_ok=True)  # of an earlier release; the publisher has another by now
        self._load(source.url, target)
        return self._checked(file, source, target, _told(target), here=True)

    def _checked(
        self, file: RemoteFile, source: RemoteFile, path: Path, told: dict[str, str], *, here: bool
    ) -> Fetched:
        if not path.is_file():
            raise ReferenceRefused(f"There is no {path}. Complete the mirror.")
        checked = self._check(source, path, told, here=here)
        stat = path.stat()
        # A copy of a publisher's file keeps its time, as wget --mirror does.
        date = told.get("date", "") if here else datetime.fromtimestamp(stat.st_mtime, UTC).date().isoformat()
        return Fetched(path, file.url, stat.st_size, sha256_of(path), checked, date)

    def _check(self, source: RemoteFile, path: Path, told: dict[str, str], *, here: bool) -> str:
        """Hold the file against its publisher's checksum; answers what it was checked by."""
        if not source.checksum or (source.checksum == "google" and not here):
            return "nothing: its publisher gives no checksum that could be had"
        text = self._text(source.checksum_url) if source.checksum_url else told.get("hash", "")
        published, own = published_sum(source, text), own_sum(source, path)
        if published != own:
            if here:
                path.unlink()
            raise ReferenceRefused(
                f"{source.name} does not bear its publisher's checksum ({own}, where {published} is published). "
                + ("It was removed. Run the command again." if here else "Copy it again.")
            )
        return f"{source.checksum} {published}"

    def _text(self, url: str) -> str:
        """A small file, such as CHECKSUMS; taken anew each time."""
        if "://" not in url:
            try:
                return Path(url).read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise ReferenceRefused(f"There is no {url}. Complete the mirror.") from error
        target = self._directory / f".{url.rsplit('/', 1)[-1]}"
        target.unlink(missing_ok=True)
        self._load(url, target)
        return target.read_text(encoding="utf-8", errors="replace")

    def _load(self, url: str, target: Path) -> None:
        wait = self._first_wait
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._try(url, target)
            except (_Lost, HTTPError) as error:
                if attempt == ATTEMPTS:
                    raise ReferenceRefused(
                        f"{url} cannot be downloaded: {_cause(error)}. Run the command again: it goes on from here."
                    ) from error
                time.sleep(min(max(wait, getattr(error, "wait", 0)), MAX_WAIT_SECONDS))
                wait *= 2
            else:
                return

    def _try(self, url: str, target: Path) -> None:
        part = target.with_name(f"{target.name}.part")
        have, validator = _resumable(part, url)
        headers = {"Accept-Encoding": "identity", "User-Agent": "GAS install_reference"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        answer = cast(HTTPResponse, self._pool.request("GET", url, headers=headers, preload_content=False))
        try:
            self._take(url, answer, part, have)
        finally:
            answer.release_conn()
        part.replace(target)
        _mark(part).replace(_mark(target))

    def _take(self, url: str, answer: HTTPResponse, part: Path, have: int) -> None:
        if answer.status in _FINAL:
            raise ReferenceRefused(f"{url} answers {answer.status} ({answer.reason}). Check the address or the mirror.")
        if answer.status == 416:
            part.unlink(missing_ok=True)
        if answer.status not in {200, 206}:
            raise _Lost(f"it answers {answer.status} ({answer.reason})", _retry_after(answer))
        goes_on = answer.status == 206
        if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink(missing_ok=True)
            raise _Lost("it answers with another part than was asked for")
        done = have if goes_on else 0
        length = answer.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else 0
        if not goes_on:
            _write_mark(part, url, answer)
        with part.open("ab" if goes_on else "wb") as out:
            done = self._stream(answer, out, part.name.removesuffix(".part"), done, total)
        if total and done < total:
            raise _Lost(f"the connection ended after {done:,} of {total:,} bytes")

    def _stream(self, answer: HTTPResponse, out: BinaryIO, name: str, done: int, total: int) -> int:
        # What has come is written at once: whoever kills this loses nothing of it.
        while chunk := answer.read1(_CHUNK, decode_content=False):
            out.write(chunk)
            out.flush()
            done += len(chunk)
            self._on_bytes(name, done, total)
        return done


def _resumable(part: Path, url: str) -> tuple[int, str]:
    """How much of the file is here, and what tells the server which file it was; 0 when it has to begin anew."""
    told = _told(part)
    if not part.is_file() or told.get("url") != url or not told.get("validator"):
        return 0, ""
    return part.stat().st_size, told["validator"]


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _told(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(_mark(path).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write_mark(part: Path, url: str, answer: HTTPResponse) -> None:
    """Note what this file is, before its first byte: a later try asks whether the server still has the same one."""
    etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    # RFC 9110, 13.1.5: a weak tag cannot vouch for bytes.
    validator = etag if etag and not etag.startswith("W/") else modified
    told = {"url": url, "validator": validator, "date": _date(modified), "hash": answer.headers.get(GOOGLE_HEADER, "")}
    part.unlink(missing_ok=True)
    _mark(part).write_text(json.dumps(told), encoding="utf-8")


def _date(modified: str) -> str:
    try:
        return parsedate_to_datetime(modified).date().isoformat()
    except ValueError:
        return ""


def _retry_after(answer: HTTPResponse) -> float:
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else 0


def _cause(error: Exception) -> str:
    if isinstance(error, _Lost):
        return str(error)
    error = error.reason or error if isinstance(error, MaxRetryError) else error
    return {
        "ReadTimeoutError": "the server fell silent",
        "ConnectTimeoutError": "the server does not answer",
        "NewConnectionError": "the server cannot be reached",
        "NameResolutionError": "its name is not known here",
        "ProtocolError": "the connection broke off",
        "SSLError": "its certificate cannot be trusted",
    }.get(type(error).__name__, type(error).__name__)
