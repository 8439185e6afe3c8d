"""Turns the URL-shaped settings (DATABASE_URL, QUEUE_URL, STORAGE_URL, VAULT_URL, EMAIL_URL) into what Django takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import dj_database_url

from gas_site import setting_aws
from gas_site.environment import BadSetting, integer, parse_duration, read, text
from gas_site.sqs_address import parse_address

# A worker and the website write at the same time: IMMEDIATE takes the write lock at BEGIN, so that a
# transaction waits for it (up to the timeout) instead of failing half-way when it upgrades from a read.
# https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-transaction-behavior
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# How long a thread waits for one of the pool's connections before it gives up with an error.
POOL_SECONDS = 10
# How long a retrieval from the vault on a disk takes unless VAULT_URL says otherwise: at once, as from any disk.
DISK_VAULT_DELAYS = {"expedited": "0s", "standard": "0s", "bulk": "0s"}
# Glacier's names. https://docs.aws.amazon.com/amazonglacier/latest/dev/downloading-an-archive-two-steps.html
RETRIEVAL_TIERS = ("expedited", "standard", "bulk")


def database(data_dir: Path) -> dict[str, Any]:
    """Return Django's DATABASES entry for DATABASE_URL."""
    takes = "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"
    default = f"sqlite:///{data_dir / 'gas.sqlite3'}"
    value = text("DATABASE_URL", default)
    if value.partition("://")[0] not in {"sqlite", "postgres", "postgresql"}:
        raise BadSetting("DATABASE_URL", _without_password(value), takes)
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(value, conn_max_age=60, conn_health_checks=True))
    except (ValueError, KeyError):
        # Not "from" the error, here and below: its message may quote a part of the password.
        raise BadSetting("DATABASE_URL", _without_password(value), takes) from None
    if password := text("DATABASE_PASSWORD"):  # a fleet's secrets come one by one
        config["PASSWORD"] = password
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {**config.get("OPTIONS", {}), **SQLITE_OPTIONS}
    else:
        _pool(config)
    return config


def _pool(config: dict[str, Any]) -> None:
    """Let a process keep DATABASE_POOL connections to PostgreSQL, each checked before it is lent; none with 0."""
    # A thread that works on a job holds one connection as long as the job takes; small jobs have a thread more.
    most = integer("DATABASE_POOL", max(10, integer("ANNOTATE_THREADS", 2, least=1) + 1))
    if most:
        # A thread keeps none beyond its request. https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-pool
        config["CONN_MAX_AGE"] = 0
        pool = {"min_size": 1, "max_size": most, "timeout": POOL_SECONDS}
        config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": pool}


def storage(data_dir: Path) -> dict[str, Any]:
    """Return Django's STORAGES entry for STORAGE_URL."""
    value = text("STORAGE_URL", f"file:{data_dir / 'files'}")
    takes = f"file:DIRECTORY or {setting_aws.STORAGE_TAKES}"
    if value.startswith("s3://"):
        try:
            return setting_aws.storage(value)
        except ValueError:
            raise BadSetting("STORAGE_URL", _without_password(value), takes) from None
    if not value.startswith("file:") or not value.removeprefix("file:"):
        raise BadSetting("STORAGE_URL", _without_password(value), takes)
    location = Path(value.removeprefix("file:")).absolute()
    return {"BACKEND": "gas_site.storage.DiskStore", "OPTIONS": {"location": str(location), "base_url": None}}


def vault(data_dir: Path) -> dict[str, Any]:
    """Return the vault that VAULT_URL names: its class and what to make it with."""
    takes = (
        "file:DIRECTORY, with ?expedited=2s&standard=5s (how long a retrieval takes), "
        f"expedited_capacity=N and compress=none or gzip as you like; {setting_aws.VAULT_TAKES}"
    )
    value = text("VAULT_URL", f"file:{data_dir / 'vault'}")
    try:
        if value.startswith("s3-glacier://"):
            return setting_aws.s3_vault(value)
        if value.startswith("glacier://"):
            return setting_aws.glacier_vault(value)
        return {"BACKEND": "archive.vaults.disk.DiskVault", "OPTIONS": _disk_vault(value)}
    except ValueError as error:
        raise BadSetting("VAULT_URL", _without_password(value), takes) from error


def _disk_vault(value: str) -> dict[str, Any]:
    """Return the options of a vault on a disk. Raises ValueError."""
    location, _, query = value.removeprefix("file:").partition("?")
    options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    compress = options.pop("compress", "none")
    capacity = options.pop("expedited_capacity", "")
    if not value.startswith("file:") or not location or set(options) - set(DISK_VAULT_DELAYS):
        raise ValueError(value)
    if compress not in {"none", "gzip"} or not (capacity.isdigit() or not capacity):
        raise ValueError(value)
    return {
        "location": str(Path(location).absolute()),
        "delays": {tier: parse_duration(word) for tier, word in {**DISK_VAULT_DELAYS, **options}.items()},
        "expedited_capacity": int(capacity) if capacity else None,
        "compress": compress,
    }


def restore_tiers() -> list[str]:
    """Return RESTORE_TIERS: the retrieval tiers to try, in this order."""

    def convert(value: str) -> list[str]:
        tiers = [word.strip() for word in value.split(",") if word.strip()]
        if not tiers or set(tiers) - set(RETRIEVAL_TIERS):
            raise ValueError(value)
        return tiers

    return read("RESTORE_TIERS", "expedited,standard", convert, "some of " + ", ".join(RETRIEVAL_TIERS))


def queue_directory(data_dir: Path) -> Path | None:
    """Return where the embedded Redis keeps its queue, or None when QUEUE_URL names a server."""
    value = queue_url(data_dir)
    return Path(value.removeprefix("redis+embedded://")).absolute() if value.startswith("redis+embedded://") else None


def queue_url(data_dir: Path) -> str:
    """Return QUEUE_URL, checked."""
    value = text("QUEUE_URL", f"redis+embedded://{data_dir / 'queue'}")
    scheme, _, rest = value.partition("://")
    if scheme == "sqs":
        return _sqs_url(value)
    if scheme not in {"redis+embedded", "redis", "rediss", "unix"} or not rest or not _address_is_whole(value):
        takes = "redis+embedded://DIRECTORY, redis://HOST:PORT/DATABASE or sqs://REGION/NAMESPACE"
        raise BadSetting("QUEUE_URL", _without_password(value), takes)
    return value


def _sqs_url(value: str) -> str:
    try:
        parse_address(value)
    except ValueError:
        takes = (
            "sqs://REGION/NAMESPACE, with ?visibility=120s (until an unfinished message comes again), beat=30s (how "
            "often that is put off, three times in it or more) and wait=20s (how long a poll waits) as you like"
        )
        raise BadSetting("QUEUE_URL", _without_password(value), takes) from None
    return value


def email(data_dir: Path) -> dict[str, Any]:
    """Return Django's EMAIL_* settings for EMAIL_URL."""
    value = text("EMAIL_URL", f"file:{data_dir / 'mail'}")
    takes = "file:DIRECTORY, console: or smtp://USER:PASSWORD@HOST:PORT (smtps: for TLS from the start)"
    if value.startswith("file:") and value.removeprefix("file:"):
        path = str(Path(value.removeprefix("file:")).absolute())
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": path}
    if value == "console:":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if value.partition("://")[0] not in {"smtp", "smtps"} or not _address_is_whole(value):
        raise BadSetting("EMAIL_URL", _without_password(value), takes)
    parts = urlsplit(value)
    if not parts.hostname:
        raise BadSetting("EMAIL_URL", _without_password(value), takes)
    implicit_tls = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit_tls,
        "EMAIL_USE_TLS": not implicit_tls and bool(parts.username),
        "EMAIL_TIMEOUT": 30,
    }


def site_url(port: int) -> str:
    """Return SITE_URL without a slash at its end: where people reach the site, and what links in mails begin with."""
    value = text("SITE_URL", f"http://127.0.0.1:{port}").rstrip("/")
    if (
        value.partition("://")[0] not in {"http", "https"}
        or not _address_is_whole(value)
        or not urlsplit(value).hostname
    ):
        raise BadSetting("SITE_URL", _without_password(value), "https://HOST or http://HOST:PORT")
    return value


def host_of(url: str) -> str:
    """Return the host of a checked URL as ALLOWED_HOSTS writes it, an IPv6 address in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def _address_is_whole(value: str) -> bool:
    """Say whether host and port of a URL can be read."""
    try:
        _ = urlsplit(value).port
    except ValueError:
        return False
    return True


def _without_password(value: str) -> str:
    """Return the URL fit for an error message: a password in it stays unread, also where the URL is broken."""
    return re.sub(r"(://[^:@]*:).*@", r"\1***@", value)
