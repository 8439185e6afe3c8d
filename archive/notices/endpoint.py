"""Where SNS posts over HTTPS: /archive/notices/. Nothing is done before the signature is proved."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from archive.actors import retrieval_completed
from archive.notices import signatures
from archive.notices.reading import archives_in
from gas_site import aws
from gas_site.queues import QUEUE_ERRORS

logger = logging.getLogger(__name__)

# SNS's own limit is 256 KB for the message; the envelope adds some.
MAX_BODY = 300 * 1024


@csrf_exempt  # SNS has no session; its signature is the proof
@require_POST
def notices(request: HttpRequest) -> HttpResponse:
    """Take a message of a topic in RETRIEVAL_TOPICS; 403 for every other, 503 when SNS should send it again."""
    topics = settings.RETRIEVAL_TOPICS
    if not topics:
        raise Http404
    try:
        message = _message(request)
        signatures.check(message, topics)
        _take(message, topics)
    except signatures.Forged as error:
        logger.warning("a notice was refused: %s", error)
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    except (signatures.Busy, OSError, *aws.AWS_ERRORS, *QUEUE_ERRORS) as error:
        logger.warning("a notice is put off: %s", type(error).__name__)
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _message(request: HttpRequest) -> dict[str, Any]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        raise signatures.Forged("it is too long")
    try:
        message = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise signatures.Forged("it is no JSON") from error
    if not isinstance(message, dict):
        raise signatures.Forged("it is no envelope of SNS")
    return message


def _take(message: dict[str, Any], topics: list[str]) -> None:
    if message["Type"] == "SubscriptionConfirmation":
        # By the API, not by the address in the message: only what we configured is ever called.
        region = message["TopicArn"].split(":")[3]
        aws.sns(region).confirm_subscription(TopicArn=message["TopicArn"], Token=message["Token"])
        logger.info("confirmed the subscription of a topic")
        return
    for archive_id in archives_in(json.dumps(message), topics):
        retrieval_completed.send(archive_id)
