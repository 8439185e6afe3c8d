"""What an annotation may end with instead of a result, as a sentence for the job's owner."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from annotations import moves
from annotations.catalogue import UnknownReference
from annotations.engine.errors import EngineError, InputRefused, ReferenceBroken, Stopped
from annotations.figures.words import span
from annotations.models import Job
from gas_site.storage import StoreAway

logger = logging.getLogger(__name__)

# A file store that is away is waited for: what finds it away so often (an hour and more) is given up.
MOST_ATTEMPTS = 30
STORE_PAUSE_MS = 120_000


@contextmanager
def told_to_owner(job: Job, *, in_parts: bool = False) -> Iterator[None]:
    """Fail the job with a sentence for whatever the block raises, but StoreAway: nothing is wrong with the job then."""
    try:
        yield
    except StoreAway:
        raise
    except (InputRefused, UnknownReference) as error:
        moves.fail(job, str(error))
    except Stopped:
        # Cancelled, deleted or taken over: whoever did that has moved the row. Only the time limit is ours to say.
        moves.fail(job, _ran_too_long(in_parts=in_parts))
    except ReferenceBroken as error:
        logger.error("job %s failed in attempt %d: %s", job.pk, job.attempt, error)  # noqa: TRY400  (it says all)
        moves.fail(job, str(error))
    except (EngineError, OSError) as error:
        log_trouble(job, error)
        moves.fail(job, our_fault(job))


def _ran_too_long(*, in_parts: bool) -> str:
    allowed = span(settings.JOB_TIMEOUT.total_seconds())
    counted = ", what its parts waited for each other and for their turns included," if in_parts else ""
    return f"This job ran longer than {allowed}{counted} and was stopped. Split the file, or ask us for more time."


def log_trouble(job: Job, error: Exception) -> None:
    """Log where the error came from, without its message: that of an OSError names the file, a stage's may quote it."""
    stack = "".join(traceback.format_tb(error.__traceback__))
    logger.error("job %s failed in attempt %d: %s\n%s", job.pk, job.attempt, type(error).__name__, stack)


def our_fault(job: Job) -> str:
    """Return the sentence for what is no fault of the file."""
    return (
        "Something went wrong on our side, not with your file. Run it again; if it fails again, write to "
        f"{settings.CONTACT_EMAIL} and name job {job.short_id}."
    )
