"""What a line of the log is about, and how an error is written down without what people uploaded.

Every line bears the id of the request (``Correlation-ID``, made or taken over by django-guid) and of the job it is
about, so that one search follows a job from the website through the queue to a worker.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from typing import Any
from uuid import UUID

from pythonjsonlogger.json import JsonFormatter

_job: ContextVar[str] = ContextVar("job", default="")


@contextmanager
def about_job(job_id: UUID) -> Iterator[None]:
    """Mark every line that is logged within the block as one about this job."""
    token = _job.set(str(job_id))
    try:
        yield
    finally:
        _job.reset(token)


class JobId(logging.Filter):
    """Puts the job's id onto each record, or nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, marked."""
        record.job_id = _job.get() or None
        return True


#: Who knows the token of a shared link can read the result: it stands in its addresses, and in no log.
_SHARED = re.compile(r"(/shared/)[^/\s?]+")


class HideTokens(logging.Filter):
    """Takes the tokens of shared links out of what is logged, such as the path of a page that was not found."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without tokens."""
        message = record.getMessage()
        if "/shared/" in message:
            record.msg, record.args = _SHARED.sub(r"\1…", message), None
        return True


def private_traceback(error: BaseException | None) -> str:
    """Write an error and its causes as frames and kinds; the messages stay out.

    The message of a database error quotes a row, that of an OSError names a file: genomes are private.
    """
    parts: list[str] = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by\n".join(parts)


def _own(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy to format, without the traceback that another handler's formatter has left on the record."""
    record = copy(record)
    record.exc_text = None
    return record


class LineFormatter(logging.Formatter):
    """One line for a person: time, level, logger, message, and the job where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Add the job unless the message names it already."""
        record = _own(record)
        job = getattr(record, "job_id", None)
        record.about = f" [job {job}]" if job and job not in record.getMessage() else ""
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        """Leave the messages of exceptions out."""
        return private_traceback(ei[1])


class JsonLineFormatter(JsonFormatter):
    """One JSON object a line for a machine: time, level, logger, message, request_id, job_id."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a copy."""
        return super().format(_own(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        """Leave the messages of exceptions out."""
        return private_traceback(ei[1])
