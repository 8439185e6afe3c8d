"""What can go wrong in the engine, as exceptions named in the domain.

``str(error)`` is one sentence for the researcher: the place, the cause and the repair. It never holds a
traceback, a path of the server or the text of another process that was not meant for people.
"""

from __future__ import annotations

from dataclasses import dataclass


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


@dataclass
class InputRefused(EngineError):
    """The uploaded file cannot be annotated as it is.

    ``line`` counts from 1 in the uploaded text; ``column`` is the VCF column's own name (``POS``, ``REF``,
    ``INFO`` or a sample's name).
    """

    cause: str
    fix: str = ""
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"Line {self.line}" if self.line else "", self.column or "") if part)
        sentence = f"{place}: {self.cause}" if place else self.cause
        return f"{sentence.rstrip('.')}. {self.fix}".strip() if self.fix else f"{sentence.rstrip('.')}."


class WrongReference(InputRefused):
    """The file's coordinates belong to another assembly than the chosen reference."""


class ReferenceBroken(EngineError):
    """An installed reference is missing a file or no longer bears its checksum."""


class ReferenceChanged(ReferenceBroken):
    """A file of the reference was replaced while a job read it: the job's result cannot be trusted."""


class ReferenceRefused(EngineError):
    """``install_reference`` was given a FASTA, GFF or source that it cannot use; nothing is left behind."""


class StageFailed(EngineError):
    """A child process of the pipe ended with an error that is not the file's fault."""


class StageKilled(StageFailed):
    """A child process was ended by a signal: the same may succeed another time."""


class NotShardable(EngineError):
    """Something turned up in a part of a file that only one pass over the whole file can settle."""


class Stopped(EngineError):
    """The caller asked the engine to stop (cancelled, lease lost, time limit)."""


@dataclass
class Unsorted(EngineError):
    """The records are not in order of position, or a contig's records do not stand together: sort, then read again.

    ``line`` is the first line that comes too late, counted from 1 in the uploaded text.
    """

    line: int

    def __str__(self) -> str:
        return f"Line {self.line} comes after a record that it should precede. The file has to be sorted first."
