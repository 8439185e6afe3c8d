"""Chains of bcftools children: started, fed, waited for, and asked which of them failed first."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from annotations.engine import bcftools
from annotations.engine.errors import EngineError, InputRefused, StageFailed, StageKilled

#: Seconds the rest of a chain gets to end by itself once a stage has failed.
GRACE_SECONDS = 10.0
#: Bytes of a stage's stderr that are looked at: its last words.
STDERR_BYTES = 16_384

#: Signals by which others end a process; of all others it dies by its own fault.
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
_UNDECLARED = re.compile(r"(INFO|FORMAT|FILTER) '([^']+)' (?:at \S+ )?is not defined in the header")
_UNPHASED = re.compile(r"Unphased heterozygous genotype at ([^\s,]+)")
#: What csq says of it, where it stands in the records that csq has in hand; elsewhere the finisher finds it.
_UNSORTED = "Error: The file is not sorted"
_PATH = re.compile(r"(?:/[^\s:'\",]+)+")
_NOISE = re.compile(r"^(Lines |Parsing |Indexed |Calling|Warning|Note|REF_MISMATCH|\[W::|Writing|Merging|Cleaning)")


@dataclass
class UndeclaredIdError(EngineError):
    """Records use ids that the header does not declare; the reader can declare them in a further reading.

    ``ids`` are pairs such as ("INFO", "END").
    """

    ids: tuple[tuple[str, str], ...]


class OutputUnsorted(EngineError):
    """Normalisation moved a record past others; another run has to sort after it."""


@dataclass
class Stage:
    """One child of a pipe, and where its complaints go."""

    name: str
    child: subprocess.Popen[bytes]
    stderr: Path

    def complaint(self) -> str:
        """The end of what the stage wrote to stderr."""
        with self.stderr.open("rb") as file:
            file.seek(max(0, self.stderr.stat().st_size - STDERR_BYTES))
            return file.read().decode("utf-8", "replace")

    def undeclared(self) -> list[tuple[str, str]]:
        """The ids it met and did not find declared."""
        with self.stderr.open(encoding="utf-8", errors="replace") as lines:
            found = (_UNDECLARED.search(line) for line in lines)
            return list(dict.fromkeys((match[1], match[2]) for match in found if match))


class Chain:
    """bcftools commands joined by pipes; the first reads what is written here, the last writes to ``stdout``."""

    def __init__(self, commands: Sequence[Sequence[str]], stdout: int, directory: Path, prefix: str) -> None:
        self.stages: list[Stage] = []
        self._stdin: IO[bytes] | None = None
        source: int | IO[bytes] = subprocess.PIPE
        try:
            for number, arguments in enumerate(commands):
                last = number == len(commands) - 1
                path = directory / f"{prefix}.{number}.{arguments[0]}.stderr"
                with path.open("wb") as stderr:
                    child = subprocess.Popen(
                        bcftools.command(*arguments),
                        stdin=source,
                        stdout=stdout if last else subprocess.PIPE,
                        stderr=stderr,
                    )
                if not isinstance(source, int):
                    source.close()
                self.stages.append(Stage(arguments[0], child, path))
                self._stdin = self._stdin or child.stdin
                if child.stdout is not None:
                    source = child.stdout
        except BaseException:
            self.kill()
            raise

    def write(self, data: bytes) -> None:
        """Feed the first stage; BrokenPipeError when the chain has failed."""
        assert self._stdin is not None  # noqa: S101  (PIPE was asked for)
        self._stdin.write(data)

    def close(self) -> None:
        """Say that no more comes; a chain that has failed tells so when it is asked for its codes."""
        if self._stdin is not None:
            with suppress(BrokenPipeError):
                self._stdin.close()

    def wait(self) -> bool:
        """Wait for all stages; True when every one succeeded."""
        codes = [stage.child.wait() for stage in self.stages]
        return not any(codes)

    def settle(self) -> None:
        """After a failure: let every stage end, and end those that do not."""
        self.close()
        settle(self.stages)

    def kill(self) -> None:
        """End all stages now."""
        for stage in self.stages:
            if stage.child.poll() is None:
                stage.child.kill()
        for stage in self.stages:
            stage.child.wait()
        self.close()


def settle(stages: Sequence[Stage]) -> None:
    """Wait a while for each stage and kill it then."""
    for stage in stages:
        try:
            stage.child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            stage.child.kill()
            stage.child.wait()


def failure(stages: Sequence[Stage]) -> EngineError:
    """The error to raise for a pipe of ended stages: that of the stage that failed of itself.

    A stage that lost its reader dies of SIGPIPE; one that lost its writer comes later in the pipe. So it is the
    first that ended with anything but success or SIGPIPE. An undeclared id is another matter: the stage that
    reads the text warns and goes on, and a later one cannot read what it writes.
    """
    if undeclared := tuple(pair for stage in stages for pair in stage.undeclared()):
        return UndeclaredIdError(tuple(dict.fromkeys(undeclared)))
    failed = [stage for stage in stages if stage.child.returncode not in (0, -signal.SIGPIPE)]
    root = (failed or [stage for stage in stages if stage.child.returncode])[0]
    complaint = root.complaint()
    if unphased := _UNPHASED.search(complaint):
        return InputRefused(
            f"Consequences by haplotype need phased genotypes, and one at {unphased[1]} is heterozygous and not phased",
            "Phase the file, or ask for the consequences of each allele by itself.",
        )
    if root.name == "csq" and _UNSORTED in complaint:
        return OutputUnsorted()
    kind = StageKilled if -root.child.returncode in _FROM_OUTSIDE else StageFailed
    return kind(_sentence(root, complaint))


def _sentence(stage: Stage, complaint: str) -> str:
    code = stage.child.returncode
    if code == -signal.SIGKILL:
        return f"The annotation was ended from outside at the step “{stage.name}”, as happens when memory runs out."
    if code < 0:
        return f"The annotation broke down at the step “{stage.name}” (signal {-code})."
    lines = [line.strip() for line in complaint.splitlines() if line.strip() and not _NOISE.match(line)]
    said = _PATH.sub(lambda path: path[0].rsplit("/", 1)[-1], lines[-1])[:300].rstrip(".") if lines else f"exit {code}"
    return f"The annotation failed at the step “{stage.name}”: {said}."
