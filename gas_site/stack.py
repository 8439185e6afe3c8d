"""Processes that stand and fall together: started in one group, watched, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.1
# A web request or a job that is told to stop gets this long; the engine's child is gone within half a second.
GRACE_SECONDS = 8
QUEUE_GRACE_SECONDS = 3


@dataclass(frozen=True)
class Child:
    """One process of the stack. One that is ``needed_last`` ends after the others have said goodbye to it."""

    name: str
    command: list[str]
    needed_last: bool = False


class StopAsked(Exception):
    """A signal told the stack to end."""


class ChildEnded(Exception):
    """A child ended by itself; the message says which, and how."""


class Signals:
    """Counts who asked to end, and how often; interrupts what runs meanwhile until ``only_count``.

    The count is what holds: Python drops an exception that falls into a weakref's callback or a finalizer
    (https://docs.python.org/3/reference/datamodel.html#object.__del__), and with it the only Ctrl-C there was.
    """

    def __init__(self) -> None:
        self.count = 0
        self._interrupts = True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def only_count(self) -> None:
        """Interrupt nothing from here on: somebody looks at the count."""
        self._interrupts = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self._interrupts:
            raise KeyboardInterrupt


class Stack:
    """Running children. Use as a context: whatever ends the block ends every child.

    ``held`` is a file that stays open, and so locked, as long as any child may live, also beyond this process. A signal
    that came before the first child ends it too.
    """

    def __init__(self, environment: dict[str, str], directory: Path, held: IO[str], signals: Signals) -> None:
        self._environment = environment
        self._directory = directory
        self._running: dict[str, tuple[Child, subprocess.Popen[bytes]]] = {}
        self._printers: list[threading.Thread] = []
        self._printing = threading.Lock()
        self._signals = signals
        signals.only_count()
        life, self._life = os.pipe()
        gone, self._gone = os.pipe()
        self._leash = subprocess.Popen(
            [sys.executable, "-I", str(LEASH), str(gone)],
            stdin=life,
            pass_fds=[gone, held.fileno()],
            process_group=0,
        )
        os.close(life)
        os.close(gone)

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._end([each for each in self._running.values() if not each[0].needed_last], GRACE_SECONDS)
            self._end([each for each in self._running.values() if each[0].needed_last], QUEUE_GRACE_SECONDS)
        finally:
            # What a child left behind, and the leash itself.
            with suppress(ProcessLookupError):
                os.killpg(self._leash.pid, signal.SIGKILL)
            self._leash.wait()
        for printer in self._printers:
            printer.join(1)

    def start(self, child: Child) -> None:
        """Start a child; what it prints is printed with its name before each line. Raises StopAsked."""
        self._look()
        process = subprocess.Popen(
            child.command,
            env=self._environment,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self._gone],
            process_group=self._leash.pid,
        )
        self._running[child.name] = (child, process)
        printer = threading.Thread(target=self._relay, args=(child.name, process.stdout), daemon=True)
        printer.start()
        self._printers.append(printer)

    def wait_for(self, answers: Callable[[], bool]) -> None:
        """Wait until ``answers`` does. Raises StopAsked, ChildEnded."""
        while not answers():
            self._look()
            time.sleep(POLL_SECONDS / 4)

    def watch(self) -> None:
        """Watch the children for ever. Raises StopAsked, ChildEnded."""
        while True:
            self._look()
            time.sleep(POLL_SECONDS)

    def say(self, line: str) -> None:
        """Print a line; nobody who reads it any more is no error."""
        with self._printing, suppress(OSError, ValueError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def _look(self) -> None:
        if self._signals.count:
            raise StopAsked
        for child, process in self._running.values():
            code = process.poll()
            if code is not None:
                raise ChildEnded(f"{child.name} ended by itself ({_how(code)})")
        if self._leash.poll() is not None:
            raise ChildEnded("the leash, which ends the others when this process is killed, ended by itself")

    def _end(self, running: list[tuple[Child, subprocess.Popen[bytes]]], grace: float) -> None:
        """Ask, wait, then insist; a second signal while waiting means at once."""
        for _, process in running:
            process.terminate()
        deadline, signals = time.monotonic() + grace, self._signals.count
        while any(process.poll() is None for _, process in running):
            if time.monotonic() > deadline or self._signals.count > max(signals, 1):
                for _, process in running:
                    process.kill()
            time.sleep(POLL_SECONDS / 4)

    def _relay(self, name: str, output: IO[bytes]) -> None:
        for line in output:
            self.say(f"{name:8} | {line.decode(errors='replace').rstrip()}")


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}, {signal.Signals(-code).name}"
