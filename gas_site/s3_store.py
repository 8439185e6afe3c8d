"""The store in an S3 bucket (``STORAGE_URL=s3://BUCKET/PREFIX``): django-storages' backend with FileStore's verbs.

Objects are private (no ACL is sent; the bucket decides, see docs/aws.md), encrypted at rest, and appear whole.
"""

from __future__ import annotations

import base64
import errno
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from gas_site.s3_copying import copy, copy_hashed
from gas_site.s3_objects import Objects, told_apart
from gas_site.s3_serving import passed_on
from gas_site.s3_uploads import S3Uploads
from gas_site.storage import COPY_CHUNK, Beat, StoreAway, aside_key, no_beat

# How long a link to a file can be opened; a download that has begun goes on.
LINK_SECONDS = 300
# What a look at an upload needs: the head, and the block that ends a BGZF file.
HEAD_BYTES, TAIL_BYTES = 64 * 1024 * 1024, 64 * 1024


class S3Store(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """Files as objects. ``kms``: the key that encrypts them; without one, S3's own."""

    def __init__(self, bucket: str, prefix: str, region: str | None = None, kms: str = "") -> None:
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {}
        self.objects = Objects(bucket, region, encrypted)
        super().__init__(
            bucket_name=bucket,
            location=prefix,
            region_name=region,
            default_acl=None,
            file_overwrite=True,
            querystring_expire=LINK_SECONDS,
            object_parameters=self.objects.written,
            signature_version="s3v4",
        )

    @property
    def uploads(self) -> S3Uploads:
        """Sign uploads that go from a browser to the bucket."""
        return S3Uploads(self.objects, self.object_key)

    def adopt(self, path: Path, key: str, beat: Beat = no_beat) -> None:
        """Upload the file, then remove it."""
        with path.open("rb") as source:
            self.receive(_pieces(source, beat), key)
        path.unlink()

    def receive(self, chunks: Iterator[bytes], key: str) -> int:
        """Upload in parts: the object is there once all of them are."""
        return self.objects.write(chunks, self.object_key(key)).size

    @contextmanager
    def local(self, key: str, beat: Beat = no_beat) -> Iterator[Path]:
        """Download into the work directory, for as long as the block runs."""
        with _scratch_file() as path:
            with self.read(key) as source, path.open("wb") as target:
                for piece in _pieces(source, beat):
                    target.write(piece)
            yield path

    @contextmanager
    def glimpse(self, key: str) -> Iterator[Path]:
        """Download the head and the tail; between them the file has a hole."""
        size = self.objects.head(self.object_key(key))["ContentLength"]
        if size <= HEAD_BYTES + TAIL_BYTES:
            with self.local(key) as path:
                yield path
            return
        with self.parts(key, [(0, HEAD_BYTES - 1), (size - TAIL_BYTES, size - 1)]) as path:
            yield path

    @contextmanager
    def parts(self, key: str, spans: Sequence[tuple[int, int]]) -> Iterator[Path]:
        """Download these bytes to their places; between them the file has holes."""
        size = self.objects.head(self.object_key(key))["ContentLength"]
        with _scratch_file() as path:
            with path.open("wb") as file:
                file.truncate(size)
                for first, last in spans:
                    if first < size:
                        file.seek(first)
                        self._copy_span(key, first, min(last, size - 1), file)
            yield path

    def duplicate(self, key: str, to: str) -> None:
        """Let S3 copy: no byte passes here."""
        copy(self.objects, self.object_key(key), self.objects, self.object_key(to))

    def aside(self, key: str, owner: str) -> str:
        """Name an object beside the object."""
        return aside_key(key, owner)

    def put_in_place(self, aside: str, key: str, size: int, sha256: str, beat: Beat = no_beat) -> None:
        """Let S3 copy, for it cannot rename; what it computed of its copy must be this SHA-256. Raises StoreAway.

        Above WHOLE_BYTES it computes none of the whole, and copying is S3's word alone; below, none is a wrong one.
        """
        checksum = copy_hashed(self.objects, self.object_key(aside), self.object_key(key), size, beat)
        if checksum is not None and base64.b64decode(checksum).hex() != sha256:
            raise StoreAway(errno.EIO, "S3 made another object of a copy than was proved, or does not say which")
        self.remove(aside)

    def clear_aside(self, keys: Collection[str]) -> None:
        """Remove the objects, and what was to become one when its writer was killed; all of a folder at once."""
        ours = tuple(self.object_key(aside_key(key, "")) for key in keys)
        for folder in sorted({name.rpartition("/")[0] for name in ours}):
            self.objects.remove_below(f"{folder}/.", lambda name: name.startswith(ours))

    def read(self, key: str) -> BinaryIO:
        """Open the object."""
        return self.objects.read(self.object_key(key))

    def has(self, key: str) -> bool:
        """Ask for the object's head."""
        try:
            self.objects.head(self.object_key(key))
        except FileNotFoundError:
            return False
        return True

    def remove(self, key: str) -> None:
        """Remove the object."""
        self.objects.remove(self.object_key(key))

    def remove_tree(self, prefix: str) -> None:
        """Remove every object below the prefix, and what browsers have begun to upload there."""
        self.objects.remove_below(self.object_key(prefix) + "/")

    def serve(self, request: HttpRequest, key: str, file_name: str, content_type: str) -> HttpResponseBase:
        """Lead to the object by a signed link of short life; S3 answers Range requests itself."""
        name = self.object_key(key)
        self.objects.head(name)  # else the user would see S3's own words for a missing key
        method = "head_object" if request.method == "HEAD" else "get_object"
        parameters = {
            "Bucket": self.objects.bucket,
            "Key": name,
            "ResponseContentDisposition": content_disposition_header(as_attachment=True, filename=file_name),
            "ResponseContentType": content_type,
        }
        with told_apart():
            link = self.objects.client.generate_presigned_url(method, Params=parameters, ExpiresIn=LINK_SECONDS)
        return HttpResponseRedirect(link)

    def serve_here(self, request: HttpRequest, key: str, file_name: str, content_type: str) -> HttpResponseBase:
        """Pass on what S3 answers, the range that was asked for or all of it."""
        return passed_on(request, self.objects, self.object_key(key), file_name, content_type)

    def object_key(self, key: str) -> str:
        """Return the object's full key. Raises SuspiciousFileOperation for a key that leaves the store."""
        if key.startswith("/") or "\\" in key or any(part in {"", ".", ".."} for part in key.split("/")):
            raise SuspiciousFileOperation("a key names something below the store's prefix")
        name: str = self._normalize_name(key)
        return name

    def _copy_span(self, key: str, first: int, last: int, file: Any) -> None:
        span = f"bytes={first}-{last}"
        with told_apart():
            body = self.objects.client.get_object(Bucket=self.objects.bucket, Key=self.object_key(key), Range=span)
            for piece in body["Body"].iter_chunks(COPY_CHUNK):
                file.write(piece)


def _pieces(source: BinaryIO, beat: Beat) -> Iterator[bytes]:
    while piece := source.read(COPY_CHUNK):
        beat(len(piece))
        yield piece


@contextmanager
def _scratch_file() -> Iterator[Path]:
    """Give a path under WORK_DIR, which the sweep clears up after a killed worker."""
    Path(settings.WORK_DIR).mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="object.", dir=settings.WORK_DIR)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
