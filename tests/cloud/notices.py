"""Makes what SNS sends: messages with a signature, and the chain of certificates that the signature is proved by."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

REGION = "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:retrievals"
CERTIFICATE_URL = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 (SNS's version 1)
DAY = timedelta(days=1)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Signer:
    """SNS: a key, its certificate as PEM, and how often that was fetched."""

    key: rsa.RSAPrivateKey
    pem: bytes
    fetched: int = 0

    def fetch(self, url: str) -> bytes:
        assert url == CERTIFICATE_URL
        self.fetched += 1
        return self.pem

    def sign(self, message: dict[str, Any], version: str = "2") -> dict[str, Any]:
        names = [name for name in SIGNED[message["Type"]] if name in message]
        text = "".join(f"{name}\n{message[name]}\n" for name in names)
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), HASHES[version])
        return {**message, "SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}


def make_signer(now: datetime, valid: timedelta = 30 * DAY) -> Signer:
    """Make an authority, and a certificate of its for a key that signs."""
    authority, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    pem = _certificate(key.public_key(), authority, now, valid)
    return Signer(key, pem)


def elliptic_certificate(now: datetime) -> bytes:
    """Return a certificate for a key of another kind."""
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _certificate(ec.generate_private_key(ec.SECP256R1()).public_key(), authority, now, DAY)


def _certificate(public_key: Any, authority: rsa.RSAPrivateKey, now: datetime, valid: timedelta) -> bytes:
    builder = x509.CertificateBuilder(
        issuer_name=named("Test Authority"),
        subject_name=named("sns.amazonaws.com"),
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - 30 * DAY,
        not_valid_after=now + valid,
    )
    return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def notification(text: str, moment: datetime, **fields: Any) -> dict[str, Any]:
    """Return an envelope without a signature."""
    plain = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon S3 Notification",
        "Message": text,
        "Timestamp": stamp(moment),
        "SigningCertURL": CERTIFICATE_URL,
    }
    return {**plain, **fields}


def confirmation(moment: datetime, **fields: Any) -> dict[str, Any]:
    """Return what SNS sends first, without a signature."""
    message = notification("You have chosen to subscribe.", moment, Type="SubscriptionConfirmation")
    del message["Subject"]
    return {**message, "Token": "2336412f37fb687f", "SubscribeURL": "https://evil.example/", **fields}


def restored(bucket: str, key: str) -> str:
    """Return S3's event that an object is restored."""
    return json.dumps(
        {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "eventName": "ObjectRestore:Completed",
                    "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
                }
            ]
        }
    )
