"""A BCF as VCF text, through a ``bcftools view`` child that is fed the decompressed bytes."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

from annotations.engine.bcftools import command
from annotations.engine.errors import InputRefused

_READ_BYTES = 512 * 1024
_FIX = "Check it with bcftools view, and send it again or as VCF."


class BcfText:
    """Iterate for blocks of VCF text. The child's complaints go to a temporary file; close() ends the child."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._failure: BaseException | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  (closed in close())
        self._child = subprocess.Popen(
            command("view", "--no-version", "-Ov", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        self._feeder = threading.Thread(target=self._feed, name="bcf-feeder", daemon=True)
        self._feeder.start()

    def __iter__(self) -> Iterator[bytes]:
        """The text; raises InputRefused at its end when the BCF was damaged."""
        assert self._child.stdout is not None  # noqa: S101  (it is a pipe)
        while block := self._child.stdout.read(_READ_BYTES):
            yield block
        self.finish()

    def finish(self) -> None:
        """Wait for the child's end; raises InputRefused when the file or its packing is damaged."""
        self._feeder.join()
        code = self._child.wait()
        if self._failure is not None:
            raise self._failure
        if code != 0:
            raise InputRefused("The BCF file is damaged: bcftools cannot read it to its end", _FIX)

    def close(self) -> None:
        """Kill the child if it still runs, and clean up."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        self._feeder.join()
        for stream in (self._child.stdin, self._child.stdout, self._complaints):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _feed(self) -> None:
        """Runs in its own thread: the child's input and output have to move at the same time."""
        assert self._child.stdin is not None  # noqa: S101  (it is a pipe)
        try:
            for block in self._blocks:
                self._child.stdin.write(block)
        except BrokenPipeError:
            pass  # the child has ended; its exit code tells why
        except BaseException as error:  # noqa: BLE001  (raised again in the reader's thread)
            self._failure = error
        finally:
            with suppress(OSError):
                self._child.stdin.close()
