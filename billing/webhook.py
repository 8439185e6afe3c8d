"""Where Stripe delivers its events: the signature is checked, the event stored, the work done by a worker."""

from __future__ import annotations

import json
import logging

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import events

logger = logging.getLogger(__name__)

# Stripe's own default: an older signature is a replay. A retry of Stripe's bears a new one, however old the event is.
TOLERANCE_SECONDS = 300


@csrf_exempt  # the signature is the proof
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Store an event (200, also for one that was here before); 400 for what Stripe did not sign just now."""
    secret = settings.STRIPE.webhook_secret
    try:
        stripe.WebhookSignature.verify_header(
            request.body, request.headers.get("Stripe-Signature"), secret, TOLERANCE_SECONDS
        )
        event = json.loads(request.body)
        fresh = events.store(event)
    except stripe.SignatureVerificationError as error:
        logger.warning("webhook refused: %s", str(error).partition("(")[0].strip())
        return HttpResponse("The signature does not fit.", status=400, content_type="text/plain")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("webhook not understood: %s", type(error).__name__)
        return HttpResponse("This is not an event.", status=400, content_type="text/plain")
    return HttpResponse("stored" if fresh else "known", content_type="text/plain")
