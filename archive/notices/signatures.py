"""Proves that a message over HTTPS comes from Amazon SNS, and from a topic of ours.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils import timezone

# SNS tries for an hour; what is older is a replay. Clocks differ by minutes at most.
MAX_AGE, CLOCK_SKEW = timedelta(hours=1), timedelta(minutes=5)
FETCH_SECONDS = 5
MAX_CERTIFICATE_BYTES = 64 * 1024
HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 (SNS's version 1)
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]
_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem")
_ENDINGS = {"aws-cn": "amazonaws.com.cn"}

Fetch = Callable[[str], bytes]


class Forged(Exception):
    """It is not a topic's of ours, or not as SNS sent it. Says what is wrong, not what the message holds."""


class Busy(Exception):
    """Another certificate is being fetched: SNS sends again."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)
_fetching = threading.Lock()


def fetch(url: str) -> bytes:
    """Get a certificate over HTTPS, from exactly this address. Raises OSError."""
    with _opener.open(url, timeout=FETCH_SECONDS) as response:
        content: bytes = response.read(MAX_CERTIFICATE_BYTES)
    return content


def check(message: dict[str, Any], topics: list[str], get: Fetch = fetch) -> None:
    """See that SNS signed the message for one of ``topics``, lately. Raises Forged, Busy, OSError."""
    kind, topic = message.get("Type"), message.get("TopicArn")
    if kind not in SIGNED or topic not in topics:
        raise Forged("it is of no topic of ours, or of no kind that we know")
    names = [name for name in SIGNED[kind] if name != "Subject" or message.get("Subject") is not None]
    if not all(isinstance(message.get(name), str) for name in names):
        raise Forged("a signed field is missing")
    algorithm = HASHES.get(str(message.get("SignatureVersion")))
    if algorithm is None:
        raise Forged("its signature is of a version that we do not know")
    _check_age(message["Timestamp"])
    key = _key(_certificate(_pinned(message.get("SigningCertURL"), topic), get))
    text = "".join(f"{name}\n{message[name]}\n" for name in names)
    try:
        signature = base64.b64decode(message.get("Signature") or "", validate=True)
        key.verify(signature, text.encode(), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, TypeError) as error:
        raise Forged("its signature does not fit") from error


def _check_age(stamp: str) -> None:
    try:
        sent_at = datetime.fromisoformat(stamp)
        age = timezone.now() - sent_at
    except (ValueError, TypeError) as error:
        raise Forged("its time cannot be read") from error
    if not -CLOCK_SKEW <= age <= MAX_AGE:
        raise Forged("it is too old, or from the future")


def _pinned(url: Any, topic: str) -> str:
    """Return the certificate's address, when it is SNS's own in the topic's region."""
    _, partition, _, region, *_ = topic.split(":")
    host = f"sns.{region}.{_ENDINGS.get(partition, 'amazonaws.com')}"
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError as error:
        raise Forged("its certificate is not at SNS") from error
    # The whole network location: no port, no user, nothing that only looks like the host.
    if parts.scheme != "https" or parts.netloc != host or not _PATH.fullmatch(parts.path) or parts.query:
        raise Forged("its certificate is not at SNS")
    return f"https://{host}{parts.path}"


def _certificate(url: str, get: Fetch) -> bytes:
    """Return the certificate, fetched once; and one at a time, so that strangers cannot keep all threads busy."""
    if not _fetching.acquire(blocking=False):
        raise Busy
    try:
        return _fetched(url, get)
    finally:
        _fetching.release()


@lru_cache(maxsize=16)
def _fetched(url: str, get: Fetch) -> bytes:
    return get(url)


def _key(pem: bytes) -> rsa.RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise Forged("its certificate cannot be read") from error
    if not certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc:
        raise Forged("its certificate is not valid now")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Forged("its certificate has no RSA key")
    return key
