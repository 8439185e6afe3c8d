"""Looks at one holding and does what its row asks for. Every message and every sweep ends here."""

from __future__ import annotations

import logging

from django.utils import timezone
from dramatiq.middleware import Shutdown

from archive import archiving, claims, restoring, waking
from archive.claims import Claim, LostClaim
from archive.copies import BadCopy
from archive.failpoints import reach
from archive.models import Holding, HoldingFile, HoldingState
from archive.vaults.base import VaultFault
from gas_site.log_context import about_job

logger = logging.getLogger(__name__)


def tend(pk: int) -> None:
    """Claim a holding and do its deed. Doubled, late and reordered messages find nothing to claim and return."""
    claim = claims.take(pk)
    if claim is None:
        waking.pass_on(pk)
        return
    reach("claim.taken")
    with about_job(claim.job_id):
        _tend(claim)


def _tend(claim: Claim) -> None:
    try:
        _work(claim)
    except LostClaim:
        return
    except Shutdown:
        waking.settle(claim)
        raise
    except (VaultFault, BadCopy, OSError) as error:
        logger.warning("holding %d put off: %s", claim.pk, reason(error))
        claims.note_failure(claim, reason(error))
    except Exception as error:  # a bug is retried with growing pauses, and stands in the admin
        logger.exception("holding %d put off", claim.pk)
        claims.note_failure(claim, reason(error))
    waking.settle(claim)
    reach("settle.released")


def _work(claim: Claim) -> None:
    holding = claim.holding()
    match holding.state:
        case HoldingState.ARCHIVING:
            archiving.archive(claim)
        case HoldingState.RESTORING:
            restoring.restore(claim)
        case HoldingState.ARCHIVED:
            archiving.tidy(claim)
        case _ if holding.due_at and holding.due_at <= timezone.now():
            archiving.archive(claim)
        case _:
            restoring.tidy(claim)


def reason(error: Exception) -> str:
    """Return what to write down: our own errors name no file, those of the system may, so only their kind counts."""
    if isinstance(error, VaultFault | BadCopy):
        return str(error)
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror}"
    return f"unexpected {type(error).__name__}"


def retrieval_completed(archive_id: str) -> None:
    """Take a vault's notification that an archive can be read: look now, whenever it had been expected."""
    file = HoldingFile.objects.filter(archive_id=archive_id).first()
    if file is None:
        return  # restored or deleted since
    waiting = Holding.objects.filter(pk=file.holding_id, state=HoldingState.RESTORING)
    waiting.filter(expected_at__gt=timezone.now()).update(expected_at=timezone.now())
    tend(file.holding_id)
