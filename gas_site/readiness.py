"""Whether this process could do its work now: database, queue, file store and vault, each asked for something small.

A process that lives but is not ready is not restarted: what is away is outside it (``/healthz`` speaks of the process
alone, and is what a load balancer should ask: one queue that is away must not take every website down).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from django.db import connection

from archive.vaults import vault
from gas_site.storage import file_store
from gas_site.supervisor import queue_answers

logger = logging.getLogger(__name__)

# Longer than a slow answer, shorter than what a probe waits for (10 s by default with Amazon's load balancers).
PATIENCE_SECONDS = 4.0
# Anybody may ask, and each round costs calls to paid services: one answer serves all who ask within this time.
KEPT_SECONDS = 5.0
# No job has this id, so nothing is found, and that is an answer.
NOBODY = "00000000-0000-0000-0000-000000000000"

# The threads are few and their calls have time limits of their own: a hanging service holds them, not the website.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="readiness")
_asking = threading.Lock()
_kept: tuple[float, dict[str, bool]] = (float("-inf"), {})


def readiness() -> dict[str, bool]:
    """Return what answers, by name; at most KEPT_SECONDS old."""
    global _kept  # noqa: PLW0603 (one answer for the process is the purpose)
    with _asking:
        at, found = _kept
        if time.monotonic() - at > KEPT_SECONDS:
            found = _ask_all()
            _kept = (time.monotonic(), found)
        return found


def forget() -> None:
    """Forget the answer that is kept."""
    global _kept  # noqa: PLW0603
    _kept = (float("-inf"), {})


def _ask_all() -> dict[str, bool]:
    asked = {name: _threads.submit(_answers, name, ask) for name, ask in _CHECKS.items()}
    wait(asked.values(), timeout=PATIENCE_SECONDS)
    return {name: future.done() and future.result() for name, future in asked.items()}


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 (whatever a service raises, the answer is that it is away)
        logger.warning("not ready, %s is away: %s", name, type(error).__name__)
        return False
    return True


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own


def _queue() -> None:
    if not queue_answers():
        raise ConnectionError


# Each raises when what it asks is away.
_CHECKS: dict[str, Callable[[], object]] = {
    "database": _database,
    "queue": _queue,
    "store": lambda: file_store().has(f"results/{NOBODY}/readiness"),
    "vault": lambda: vault().labelled(NOBODY),
}
