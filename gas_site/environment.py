"""Reads settings from the environment; a bad value stops the boot with the variable's name and what it takes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

Value = TypeVar("Value")

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_DURATION_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?")
_BYTE_UNITS = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
MAX_BYTES = 2**63 - 1  # what the database's column holds


class BadSetting(ImproperlyConfigured):
    """An environment variable holds something that cannot be used."""

    def __init__(self, name: str, value: str, takes: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used. It takes {takes}.")


def read(name: str, default: str, convert: Callable[[str], Value], takes: str) -> Value:
    """Return the converted value of ``name`` (or of ``default`` when it is unset or empty).

    Raises BadSetting when ``convert`` raises ValueError or OverflowError; ``takes`` completes the sentence
    "It takes …".
    """
    value = os.environ.get(name, "").strip() or default
    try:
        return convert(value)
    except (ValueError, OverflowError) as error:
        raise BadSetting(name, value, takes) from error


def text(name: str, default: str = "") -> str:
    """Return a free text setting."""
    return read(name, default, str, "text")


def words(name: str, default: str) -> list[str]:
    """Return a comma-separated list without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no setting."""
    meanings = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}

    def convert(value: str) -> bool:
        if value.lower() not in meanings:
            raise ValueError(value)
        return meanings[value.lower()]

    return read(name, "yes" if default else "no", convert, "yes or no")


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return a whole number from ``least`` to ``most``."""

    def convert(value: str) -> int:
        number = int(value)
        if number < least or (most is not None and number > most):
            raise ValueError(value)
        return number

    takes = f"a whole number, {least} or more" if most is None else f"a whole number from {least} to {most}"
    return read(name, str(default), convert, takes)


def parse_duration(value: str) -> timedelta:
    """Return a length of time written as 5s, 5m, 2h or 7d. Raises ValueError."""
    match = _DURATION.fullmatch(value.lower())
    if not match:
        raise ValueError(value)
    return timedelta(**{_DURATION_UNITS[match[2]]: float(match[1])})


def duration(name: str, default: str, *, least: timedelta = timedelta(0)) -> timedelta:
    """Return a length of time of at least ``least``, written as 5s, 5m, 2h or 7d."""

    def convert(value: str) -> timedelta:
        length = parse_duration(value)
        if length < least:
            raise ValueError(value)
        return length

    shortest = f", {least.total_seconds():g}s or more" if least else ""
    return read(name, default, convert, f"a length of time such as 30s, 5m, 2h or 7d{shortest}")


def size(name: str, default: str) -> int:
    """Return a number of bytes written as 150KB, 2MB or 5GB (1 KB is 1,024 bytes)."""

    def convert(value: str) -> int:
        match = _BYTES.fullmatch(value.lower())
        if not match:
            raise ValueError(value)
        number = int(float(match[1]) * _BYTE_UNITS[match[2] or "b"])
        if number > MAX_BYTES:
            raise ValueError(value)
        return number

    return read(name, default, convert, "a size such as 150KB, 2MB or 5GB")


def choice(name: str, default: str, choices: list[str]) -> str:
    """Return one of ``choices``."""

    def convert(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return read(name, default, convert, "one of " + ", ".join(choices))
