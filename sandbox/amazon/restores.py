"""Restores from S3's cold classes as Amazon does them: they take time, run once at a time, and S3 tells of their end.

moto restores at once, whatever the tier.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import flask
from moto.s3 import notifications
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeKey, S3Backend

from sandbox.amazon.waiting import DELAYS, later, now


class RestoreRefused(S3ClientError):
    """What S3 answers to a restore that it does not start."""


def add() -> None:
    """Put these in the place of moto's."""
    plain = S3Backend.restore_object

    def restore_object(self: S3Backend, bucket_name: str, key_name: str, days: str | None, type_: str | None) -> bool:
        key = self.get_object(bucket_name, key_name)
        tier = _tier()
        if key is not None and key.storage_class == "DEEP_ARCHIVE" and tier == "expedited":
            raise RestoreRefused("InvalidArgument", "Retrieval option is not supported by this storage class")
        going = getattr(key, "gas_ready_at", None)
        if going and going > now() and DELAYS[tier] >= key.gas_delay:  # type: ignore[union-attr]  # our own attribute
            raise RestoreRefused("RestoreAlreadyInProgress", "Object restore is already in progress")
        there = bool(going and going <= now() and key and key._expiry)
        plain(self, bucket_name, key_name, days, type_)
        return there

    S3Backend.restore_object = restore_object  # type: ignore[method-assign]
    FakeKey.restore = _restore  # type: ignore[method-assign]
    FakeKey._expiry = property(_expiry, lambda self, value: self.__dict__.__setitem__("gas_expiry", value))  # type: ignore[assignment]
    FakeKey.status = property(_status, lambda self, value: None)  # type: ignore[assignment]


def _tier() -> str:
    wanted = re.search(rb"<Tier>(\w+)</Tier>", flask.request.get_data())
    return wanted[1].decode().lower() if wanted else "standard"


def _restore(self: Any, days: int) -> None:
    ready_at: datetime | None = getattr(self, "gas_ready_at", None)
    if ready_at is None or ready_at > now() or self._expiry is None:
        self.gas_delay = DELAYS[_tier()]
        self.gas_ready_at = now() + self.gas_delay
        later(self.gas_ready_at, lambda: _tell(self))
    self._expiry = self.gas_ready_at + timedelta(days=days)


def _expiry(self: Any) -> datetime | None:
    """Return when the restored copy goes; None where there is none, or none any more."""
    expiry: datetime | None = self.__dict__.get("gas_expiry")
    return expiry if expiry and expiry > now() else None


def _status(self: Any) -> str:
    return "IN_PROGRESS" if self.gas_ready_at > now() else "RESTORED"


def _tell(key: Any) -> None:
    from moto.s3.models import s3_backends  # noqa: PLC0415 (its registry is made as the first request comes)

    bucket = s3_backends[key.account_id][key.partition].get_bucket(key.bucket_name)
    event = notifications.S3NotificationEvent.OBJECT_RESTORE_COMPLETED_EVENT
    notifications.send_event(key.account_id, event, bucket, key=key)
