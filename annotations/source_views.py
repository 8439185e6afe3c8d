"""A source of one's own for a file that was checked: added to it, removed from it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.signed_in import signed_in_user
from annotations import private_sources
from annotations.catalogue import UnknownReference
from annotations.intake import TooLarge, Upload
from annotations.intake_views import ticket_page
from annotations.models import Job, JobStatus, PrivateSource
from annotations.private_sources import SourceRefused
from annotations.uploads import limit_upload, refuse_if_exceeded
from gas_site.requests import HtmxRequest

_PREMIUM_ONLY = "Sources of your own are part of Premium. Your file is kept for a day: upgrade and come back to it."


@csrf_exempt  # the token stands in the body, which must not be read before the limit is set; _add checks it
@login_required
@never_cache
@require_POST
def add(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Look at the source and keep it with the file; what is wrong with it is said above its form."""
    user = signed_in_user(request)
    job = get_object_or_404(Job.objects.of(user), pk=job_id, status=JobStatus.UPLOADING, awaits_upload=False)
    try:
        limit_upload(request, private_sources.MAX_BYTES)
        return _add(request, job)
    except TooLarge:
        most = (
            f"A source of your own may have {private_sources.MAX_BYTES >> 20} MB. Compress it with gzip, or split it."
        )
        return ticket_page(request, job, most, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@csrf_protect
def _add(request: HtmxRequest, job: Job) -> HttpResponse:
    refuse_if_exceeded(request)
    if not private_sources.may_add(signed_in_user(request)):
        return ticket_page(request, job, _PREMIUM_ONLY, HTTPStatus.FORBIDDEN)
    file = request.FILES.get("source_file")
    if file is None or not file.size:
        return ticket_page(request, job, "Choose a BED, VCF or table first. It must not be empty.", 422)
    upload = Upload(file.name or "", file.size, file)
    try:
        private_sources.attach(job, upload, request.POST.get("source_label", ""))
    except (SourceRefused, UnknownReference) as error:
        return ticket_page(request, job, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect("confirm", job_id=job.pk)


@login_required
@require_POST
def remove(request: HtmxRequest, job_id: UUID, source_id: int) -> HttpResponse:
    """Take a source off a file that has not been confirmed."""
    own = Job.objects.of(signed_in_user(request)).filter(status=JobStatus.UPLOADING)
    source = get_object_or_404(PrivateSource, pk=source_id, job__in=own, job_id=job_id)
    private_sources.detach(source)
    return redirect("confirm", job_id=job_id)
