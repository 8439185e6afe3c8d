"""Vaults: where results lie when they are cold. ``VAULT_URL`` names one; callers ask for ``vault()``."""

from __future__ import annotations

from functools import cache
from typing import cast

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from archive.vaults.base import Vault, VaultFault


@cache
def vault() -> Vault:
    """Return the vault that VAULT_URL names."""
    return cast(Vault, import_string(settings.VAULT["BACKEND"])(**settings.VAULT["OPTIONS"]))


def vault_named(name: str) -> Vault:
    """Return the vault that a holding's archives lie in. Raises VaultFault when VAULT_URL names another one now."""
    current = vault()
    if name and name != current.name:
        raise VaultFault(f"the archives lie in the vault {name}, and VAULT_URL names {current.name}")
    return current


def _forget(*, setting: str, **_: object) -> None:
    """Let a test that changes the setting have its own vault."""
    if setting == "VAULT":
        vault.cache_clear()


setting_changed.connect(_forget)
