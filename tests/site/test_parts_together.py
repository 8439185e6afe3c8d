"""Parts of one file that are on their way to a disk at the same moment."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from gas_site.disk_uploads import DiskUploads
from gas_site.storage import file_store
from gas_site.upload_parts import NotAsAnnounced, PartBusy, sha256_base64
from tests.site.disk_uploading import content, parts_of, small_parts

__all__ = ["content", "small_parts"]

KEY = "uploads/1/input"


@pytest.fixture
def uploads(content: bytes, files: Path) -> DiskUploads:
    """Give the store, with an upload of the file begun."""
    uploads = file_store().uploads
    assert isinstance(uploads, DiskUploads)
    uploads.begin(KEY, len(content))
    return uploads


class TogetherWith(BytesIO):
    """A part whose bytes come once the other part is on its way as well."""

    def __init__(self, content: bytes, both: threading.Barrier) -> None:
        super().__init__(content)
        self.both: threading.Barrier | None = both

    def read(self, size: int | None = -1) -> bytes:
        if self.both:
            self.both.wait(20)
            self.both = None
        return super().read(size)


def test_of_two_parts_on_their_way_together_the_damaged_one_comes_again(
    uploads: DiskUploads, content: bytes, files: Path
) -> None:
    parts = parts_of(content)
    both = threading.Barrier(2)

    def send(number: int, body: bytes) -> str:
        try:
            uploads.receive(KEY, number, sha256_base64(parts[number - 1]), TogetherWith(body, both))
        except NotAsAnnounced as error:
            return str(error)
        return "taken"

    with ThreadPoolExecutor(2) as lanes:
        answers = list(lanes.map(send, (3, 2), (parts[2], b"x" + parts[1][1:])))
        assert answers == ["taken", "the part has another checksum than announced"]
        assert [part.number for part in uploads.parts(KEY)] == [3]
        assert list(lanes.map(send, (2, 1), (parts[1], parts[0]))) == ["taken", "taken"]
    uploads.finish(KEY, len(content), [sha256_base64(part) for part in parts])
    assert (files / KEY).read_bytes() == content


def test_a_part_that_is_on_its_way_twice_is_taken_once(uploads: DiskUploads, content: bytes, files: Path) -> None:
    part = parts_of(content)[0]
    begun, refused = threading.Barrier(2), threading.Event()

    class First(BytesIO):
        """Is half written while the second comes."""

        def read(self, size: int | None = -1) -> bytes:
            if not refused.is_set():
                begun.wait(20)
                assert refused.wait(20)
            return super().read(size)

    with ThreadPoolExecutor(1) as other:
        first = other.submit(uploads.receive, KEY, 1, sha256_base64(part), First(part))
        begun.wait(20)
        with pytest.raises(PartBusy):
            uploads.receive(KEY, 1, sha256_base64(part), BytesIO(part))
        refused.set()
        first.result()
    assert [each.number for each in uploads.parts(KEY)] == [1]


def test_a_part_that_is_on_its_way_while_its_upload_is_dropped_leaves_nothing(
    uploads: DiskUploads, content: bytes, files: Path
) -> None:
    parts = parts_of(content)
    both = threading.Barrier(2)
    with ThreadPoolExecutor(1) as lane:
        part = TogetherWith(parts[0], both)
        arriving = lane.submit(uploads.receive, KEY, 1, sha256_base64(parts[0]), part)
        both.wait(20)
        file_store().remove_tree("uploads/1")
        assert arriving.exception(20) is None, "its bytes went into a file that has no name any more"
    assert list(files.glob("uploads/*")) == []


def test_a_part_that_comes_while_its_upload_is_being_dropped_hears_that_it_has_ended(
    uploads: DiskUploads, content: bytes, files: Path
) -> None:
    part = parts_of(content)[0]
    shutil.rmtree(files / "uploads/1/.input.parts")
    with pytest.raises(NotAsAnnounced, match="the upload has ended"):
        uploads.receive(KEY, 1, sha256_base64(part), BytesIO(part))
