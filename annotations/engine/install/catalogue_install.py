"""Install a reference of the catalogue: fetch its files, make it, try its golden variants, put it in place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.building import locked
from annotations.engine.install.catalogue import Catalogued
from annotations.engine.install.declarations import Declared
from annotations.engine.install.download import Downloader, Fetched, OnBytes
from annotations.engine.install.golden import check_golden, check_rcrs
from annotations.engine.install.installer import install_reference
from annotations.engine.install.made_tables import Say
from annotations.engine.install.remote import RemoteFile
from annotations.engine.install.requests import SourceRequest
from annotations.engine.reference import Reference

#: What stays of an installation that was broken off, for the next try.
DOWNLOADS = ".downloads"
#: A FASTA's size unpacked, over its size as Ensembl packs it; tables are smaller than what they are made of.
_UNPACKED = 4


class Files:
    """Fetches files and remembers where each came from, for the manifest."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader = downloader
        self.fetched: list[Fetched] = []

    def fetch(self, file: RemoteFile) -> Path:
        """The file, whole and checked."""
        self.fetched.append(self._downloader.fetch(file))
        return self.fetched[-1].path

    def request(self, declared: Declared) -> SourceRequest:
        """A source with its files; one without a version of its own gets its publisher's date."""
        request = declared.found(self.fetch)
        date = self.fetched[-1].date if declared.remote else ""
        return replace(request, version=request.version or date) if request.format != "VCF" else request

    def origins(self) -> list[dict[str, str | int]]:
        """What the manifest says of every file fetched."""
        return [
            {key: value for key, value in asdict(one).items() if key not in {"path", "date"}} for one in self.fetched
        ]


@contextmanager
def downloading(directory: Path, name: str, mirror: str, on_bytes: OnBytes, first_wait: float = 1.0) -> Iterator[Files]:
    """Files fetched under ``directory``; they are removed when the block succeeds, and stay when it does not.

    Raises ReferenceRefused when another process does the same.
    """
    downloads = directory / DOWNLOADS / name
    downloads.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(locked(downloads, wait=False))
        except BlockingIOError:
            raise ReferenceRefused(f"Another process is installing {name} just now. Wait for it.") from None
        try:
            yield Files(Downloader(downloads, mirror, on_bytes=on_bytes, first_wait=first_wait))
            shutil.rmtree(downloads)
        finally:
            for left in (downloads, downloads.parent, directory):
                with suppress(OSError):
                    left.rmdir()  # where nothing is in it


def install_catalogued(
    wanted: Catalogued,
    *,
    directory: Path,
    mirror: str = "",
    optional: Sequence[str] = (),
    more: Sequence[Declared] = (),
    say: Say = lambda _sentence: None,
    on_bytes: OnBytes = lambda *_: None,
    first_wait: float = 1.0,
) -> Reference:
    """Install ``wanted`` under ``directory``; ``more`` are sources of the user's own.

    Raises ReferenceRefused, naming the file and what to do; downloads stay, so that the next try goes on from there.
    """
    sources = [*wanted.chosen(list(optional)), *more]
    if (directory / wanted.name).exists():
        raise ReferenceRefused(f"There is a reference {wanted.name} already. Remove {directory / wanted.name} first.")
    _check_room(directory, wanted, sources)

    with downloading(directory, wanted.name, mirror, on_bytes, first_wait) as files:
        say(f"Fetching {wanted.sequence.name}")
        fasta, gff = files.fetch(wanted.sequence), files.fetch(wanted.genes)
        requests = []
        for source in sources:
            say(f"Fetching {source.request.name}")
            requests.append(files.request(source))
        return install_reference(
            wanted.name,
            fasta,
            gff,
            directory=directory,
            codes=wanted.codes,
            sources=requests,
            on_progress=say,
            about=replace(wanted.about, origins=tuple(files.origins())),
            check=lambda reference: _check(reference, wanted, say),
        )


def _check(reference: Reference, wanted: Catalogued, say: Say) -> None:
    if wanted.rcrs:
        check_rcrs(reference, wanted.rcrs)
    say(f"Trying {len(wanted.golden)} golden variants")
    check_golden(reference, wanted.golden)


def _check_room(directory: Path, wanted: Catalogued, sources: Sequence[Declared]) -> None:
    files = [wanted.genes, *(file for source in sources for file in source.remote)]
    needed = wanted.sequence.bytes * (1 + _UNPACKED) + 2 * sum(file.bytes for file in files)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise ReferenceRefused(
            f"{wanted.name} needs some {needed / 1e9:,.0f} GB while it is installed; {existing} has "
            f"{free / 1e9:,.0f} GB left. Make room, or give --dir."
        )
