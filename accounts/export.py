"""All own data as one zip, written while it is sent: nothing of it is gathered in memory or on disk."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.models import User
from accounts.signals import collecting_export

CHUNK = 256 * 1024


@dataclass(frozen=True)
class Entry:
    """One file of the export: its name in the zip, its bytes in pieces, and whether they are compressed already."""

    name: str
    pieces: Callable[[], Iterable[bytes]]
    packed: bool = False


def json_entry(name: str, content: Any) -> Entry:
    """Return an entry with ``content`` as JSON that people can read."""
    text = json.dumps(content, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
    return Entry(name, lambda: [text.encode()])


def export(user: User) -> Iterator[bytes]:
    """Yield the zip of everything that is kept of ``user``, piece by piece."""
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", allowZip64=True) as archive:
        for entry in _entries(user):
            info = zipfile.ZipInfo(entry.name, timezone.now().timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if entry.packed else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w", force_zip64=True) as target:
                for piece in entry.pieces():
                    target.write(piece)
                    if sink.waiting >= CHUNK:
                        yield sink.take()
    yield sink.take()


def _entries(user: User) -> Iterator[Entry]:
    yield json_entry("account.json", _account(user))
    yield json_entry(
        "mails.json", list(user.notifications.order_by("pk").values("kind", "about", "created_at", "sent_at"))
    )
    for _, entries in collecting_export.send(User, user=user):
        yield from cast("Iterable[Entry]", entries)


def _account(user: User) -> dict[str, Any]:
    plain = ("email", "name", "institution", "time_zone", "mail_jobs", "mail_storage", "date_joined", "last_login")
    return {
        **{name: getattr(user, name) for name in plain},
        "plan": user.plan_id,
        "plan_changes": list(user.plan_changes.order_by("pk").values("at", "before", "after", "reason")),
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "sign_in": list(SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined", "extra_data")),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "sessions": list(
            UserSession.objects.filter(user=user).values("created_at", "last_seen_at", "ip", "user_agent")
        ),
    }


class _Sink:
    """What ZipFile writes into: keeps the pieces until they are sent, and has no way back (so no seek)."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.waiting += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def take(self) -> bytes:
        joined = b"".join(self._pieces)
        self._pieces.clear()
        self.waiting = 0
        return joined
