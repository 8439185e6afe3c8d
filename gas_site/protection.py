"""Keeps Amazon ECS from taking a task away, when it scales in, while the task works on something.

ECS gives each task an address of its own agent to ask; anywhere else there is none and nothing happens. Protection is
asked for when the first message of this process begins and given back when the last one ends. It ends by itself after
the time that was asked for, so a worker that hangs is not kept for ever.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import json
import logging
import os
import threading
import urllib.error
import urllib.request
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware

logger = logging.getLogger(__name__)

# The most that ECS grants at once is 48 hours; a job has JOB_TIMEOUT, 12 hours by default.
MINUTES = 13 * 60
# The agent is on the same machine.
PATIENCE_SECONDS = 5


class ScaleInProtection(Middleware):
    """Protects this task as long as at least one of its threads has a message."""

    def __init__(self) -> None:
        self._agent = os.environ.get("ECS_AGENT_URI", "")
        self._working = 0
        self._changing = threading.Lock()

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """Ask for protection with the first message."""
        self._count(1)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Give it back with the last."""
        self._count(-1)

    def after_skip_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """Give it back as well where the message was skipped, which is told in the place of processed."""
        self._count(-1)

    def _count(self, step: int) -> None:
        if not self._agent:
            return
        with self._changing:
            before, self._working = self._working, max(self._working + step, 0)
            if (before == 0) != (self._working == 0):
                _ask(self._agent, protect=self._working > 0)


def _ask(agent: str, *, protect: bool) -> None:
    """Tell the agent. One that is away costs no job: the row and its lease bring the job back."""
    wish: dict[str, Any] = {"ProtectionEnabled": protect}
    if protect:
        wish["ExpiresInMinutes"] = MINUTES
    request = urllib.request.Request(  # noqa: S310 (the address is ECS's own, from the task's environment)
        f"{agent}/task-protection/v1/state",
        data=json.dumps(wish).encode(),
        method="PUT",
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310
            pass
    except (OSError, urllib.error.HTTPError) as error:
        logger.warning("scale-in protection could not be changed: %s", type(error).__name__)
