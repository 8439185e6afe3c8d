"""Faults to order: the next requests that match get an error, no reply for a while, or lose their reply."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

ERROR = "error"  # answer 500 and do nothing
HANG = "hang"  # do it, and answer only when the caller has long gone
DROP = "drop"  # do it, and close the connection without a reply


@dataclass
class Fault:
    """What goes wrong (``kind``) with the next ``times`` requests whose "METHOD /path" matches ``pattern``."""

    kind: str
    pattern: str
    times: int = 1


class Faults:
    """The faults that are ordered and not used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []

    def order(self, kind: str, pattern: str, times: int = 1) -> None:
        """Have the next ``times`` matching requests go wrong."""
        with self._lock:
            self._ordered.append(Fault(kind, pattern, times))

    def take(self, method: str, path: str) -> str | None:
        """Return what goes wrong with this request, and count it; None when nothing does."""
        with self._lock:
            for fault in self._ordered:
                if fault.times > 0 and re.search(fault.pattern, f"{method} {path}"):
                    fault.times -= 1
                    return fault.kind
        return None

    def clear(self) -> None:
        """Forget what is ordered."""
        with self._lock:
            self._ordered.clear()
