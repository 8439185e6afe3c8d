"""Every app's sweep, in one list. Each is safe to run twice at once."""

from __future__ import annotations

from accounts.sweep import sweep as sweep_accounts
from annotations.sweep import sweep as sweep_annotations
from archive.sweep import sweep as sweep_archive
from billing.sweep import sweep as sweep_billing


def sweep_all() -> None:
    """Run every sweep once."""
    sweep_annotations()
    sweep_archive()
    sweep_accounts()
    sweep_billing()
