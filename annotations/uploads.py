"""Stops an upload at its plan's limit while it arrives, before it fills the disk."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from annotations.intake import TooLarge
from gas_site.disk_room import need_room
from gas_site.write_back import WriteBack

# What a multipart request carries besides the file: boundaries, headers, the other fields.
FORM_OVERHEAD = 64 * 1024
PIECE_BYTES = 256 * 1024


class ToDisk(TemporaryFileUploadHandler):
    """Writes a file into the directory of uploads, in pieces so large that Django copies less than it writes."""

    chunk_size = PIECE_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file that is written to the disk while it arrives."""
        super().new_file(*args, **kwargs)
        self._growing = WriteBack(self.file.fileno(), passing=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk."""
        super().receive_data_chunk(raw_data, start)
        self._growing.reached(start + len(raw_data))


class PlanLimit(FileUploadHandler):
    """Counts the bytes of the file and gives up beyond ``limit``; ``exceeded`` tells the view why."""

    chunk_size = PIECE_BYTES

    def __init__(self, request: HttpRequest, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.received = 0
        self.exceeded = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass a chunk on, or stop."""
        self.received += len(raw_data)
        if self.received > self.limit:
            self.exceeded = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler after this one."""


def limit_upload(request: HttpRequest, limit: int | None) -> None:
    """Bind the request's files to ``limit`` bytes.

    Raises TooLarge at once when the request announces more, NoRoom when the disk has no room for what it announces.

    Must run before anything reads ``request.POST``: Django builds the handlers then.
    """
    announced = _announced(request)
    if limit is not None and announced > limit + FORM_OVERHEAD:
        raise TooLarge(None, limit)
    need_room(Path(settings.FILE_UPLOAD_TEMP_DIR), announced)
    handlers: list[FileUploadHandler] = [ToDisk(request)]
    if limit is not None:
        handlers.insert(0, PlanLimit(request, limit))
    request.upload_handlers = handlers


def _announced(request: HttpRequest) -> int:
    """Return the Content-Length; one that is no number counts as none, as Django has it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def refuse_if_exceeded(request: HttpRequest) -> None:
    """Raise TooLarge when the body turned out larger than it said. Reads the body."""
    _ = request.FILES
    for handler in request.upload_handlers:
        if isinstance(handler, PlanLimit) and handler.exceeded:
            raise TooLarge(None, handler.limit)


def drop_unfinished(request: HttpRequest) -> None:
    """Remove what a body that broke off, or filled the disk, has left of its files; Django leaves that to chance."""
    for handler in request.upload_handlers:
        file = getattr(handler, "file", None)
        if file is not None:
            with suppress(OSError):  # what is buffered finds no room either, and the file is removed all the same
                file.close()
