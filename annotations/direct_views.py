"""What static/js/direct_upload.js asks of /annotate/upload/: a ticket, places for the parts, and the check at the end.

Without script nothing of this is used: the form posts the file through this server.
"""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.signed_in import signed_in_user
from annotations import direct_intake, intake
from annotations.forms import AnnotateForm
from annotations.intake_views import full_disk_response, refusal_response, show_refusal, verdict_response
from annotations.models import Job, JobStatus
from gas_site.disk_room import NoRoom
from gas_site.requests import HtmxRequest, patience
from gas_site.storage import StoreAway
from gas_site.upload_parts import MOST_PARTS, NotAsAnnounced, PartBusy

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = ParamSpec("Arguments")
# A browser that has gone away without a word is waited for so long; its part is free for another try then.
SILENCE_SECONDS = 30
DRAIN_BYTES, MOST_DRAINED = 1024 * 1024, 256 * 1024 * 1024
_CONTENT_DIGEST = re.compile("sha-256=:([A-Za-z0-9+/]{43}=):")


def sha256_base64(value: str) -> None:
    """Raise ValidationError for what is no SHA-256 in base64."""
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValidationError("no base64") from error
    if len(digest) != 32:
        raise ValidationError("no SHA-256")


class AnnouncementForm(forms.Form):
    """A file that is to come."""

    name = forms.CharField(max_length=1_000)
    size = forms.IntegerField(min_value=1, max_value=5 * 1024**4)
    reference = forms.CharField(max_length=80)
    sha256 = forms.CharField(required=False, validators=[sha256_base64])


class PartForm(forms.Form):
    """One part of a file."""

    number = forms.IntegerField(min_value=1, max_value=MOST_PARTS)
    sha256 = forms.CharField(validators=[sha256_base64])


class PartsForm(forms.Form):
    """The checksums of all parts, with commas between; none for a file in one piece."""

    sha256 = forms.CharField(required=False, max_length=MOST_PARTS * 45)

    def clean_sha256(self) -> list[str]:
        """Return them one by one."""
        checksums = [word for word in self.cleaned_data["sha256"].split(",") if word]
        for checksum in checksums:
            sha256_base64(checksum)
        return checksums


def told(view: Callable[Concatenate[HtmxRequest, Arguments], HttpResponse]) -> Any:
    """Sign-in, no caching, and the store's moods: 503 while it is away, 507 while it is full."""

    @login_required
    @never_cache
    @wraps(view)
    def wrapped(request: HtmxRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoRoom:
            return full_disk_response(request)
        except StoreAway:
            return JsonResponse({"error": "The file store is away. Try again."}, status=HTTPStatus.SERVICE_UNAVAILABLE)

    return wrapped


@told
@require_http_methods(["GET", "HEAD", "POST"])
def uploads(request: HtmxRequest) -> HttpResponse:
    """Show the uploads that have begun and not ended (GET); announce another (POST)."""
    if request.method == "POST":
        return _announce(request)
    context = {"begun": direct_intake.begun(signed_in_user(request))}
    return render(request, "annotations/partials/intake_begun.html", context)


def _announce(request: HtmxRequest) -> HttpResponse:
    """Make a ticket and say how to send the file; the refusal's markup when plan, reference or disk say no."""
    form = AnnouncementForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "The announcement cannot be read."}, status=HTTPStatus.BAD_REQUEST)
    data = form.cleaned_data
    try:
        job = direct_intake.announce(
            signed_in_user(request), data["name"], data["size"], data["reference"], data["sha256"]
        )
    except (intake.TooLarge, *intake.REFUSALS) as error:
        return refusal_response(request, AnnotateForm(), error)
    return _instructions(job)


@told
@require_safe
def resume(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Say how the rest of an announced file is sent."""
    return _instructions(_ticket(request, job_id))


@told
@require_POST
def part(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Say where one part goes."""
    form = PartForm(request.POST)
    job = _ticket(request, job_id)
    if not form.is_valid():
        return JsonResponse({"error": "The part cannot be read."}, status=HTTPStatus.BAD_REQUEST)
    try:
        return JsonResponse(direct_intake.part_link(job, form.cleaned_data["number"], form.cleaned_data["sha256"]))
    except ValueError:
        return JsonResponse({"error": "The file has no such part."}, status=HTTPStatus.BAD_REQUEST)
    except NotAsAnnounced:
        return JsonResponse({"error": "The upload has ended."}, status=HTTPStatus.CONFLICT)


@told
@require_http_methods(["PUT"])
def content(request: HtmxRequest, job_id: UUID, number: int) -> HttpResponse:
    """Take one part: its bytes are the body, its SHA-256 stands in Content-Digest (RFC 9530)."""
    patience(request, SILENCE_SECONDS)
    try:
        job = _ticket(request, job_id)
    except Http404:  # dropped in another tab, or accepted
        _drain(request)
        raise
    digest = _CONTENT_DIGEST.fullmatch(request.headers.get("Content-Digest", ""))
    if digest is None:
        return _early(request, "A part comes with Content-Digest: sha-256=:BASE64:", HTTPStatus.BAD_REQUEST)
    try:
        direct_intake.take_part(job, number, digest[1], request)
    except ValueError:
        return _early(request, "The file has no such part.", HTTPStatus.BAD_REQUEST)
    except PartBusy:
        return _early(request, "The part is arriving already.", HTTPStatus.CONFLICT)
    except NotAsAnnounced as error:
        return _early(request, f"Not taken: {error}.", HTTPStatus.UNPROCESSABLE_ENTITY)
    except NoRoom:
        _drain(request)
        raise
    except UnreadablePostError:
        return JsonResponse({"error": "The part broke off."}, status=HTTPStatus.REQUEST_TIMEOUT)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@told
@require_POST
def finish(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Check what has arrived and answer with the verdict, as the form that posts a file does."""
    job = get_object_or_404(Job.objects.of(signed_in_user(request)), pk=job_id, status=JobStatus.UPLOADING)
    if not job.awaits_upload:  # asked twice, because the first answer was lost
        return verdict_response(request, job)
    form = PartsForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "The checksums cannot be read."}, status=HTTPStatus.BAD_REQUEST)
    try:
        direct_intake.receive(job, form.cleaned_data["sha256"])
    except (intake.TooLarge, *intake.REFUSALS) as error:
        return refusal_response(request, AnnotateForm(), error)
    except PartBusy:
        return JsonResponse({"error": "A part is still arriving."}, status=HTTPStatus.CONFLICT)
    except NotAsAnnounced as error:
        text = f"What arrived is not the file that was chosen: {error}. Choose the file again."
        refusal = {"title": "The upload did not arrive whole", "text": text}
        return show_refusal(request, AnnotateForm(), refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
    return verdict_response(request, job)


def _ticket(request: HtmxRequest, job_id: UUID) -> Job:
    waiting = Job.objects.of(signed_in_user(request)).filter(status=JobStatus.UPLOADING, awaits_upload=True)
    return get_object_or_404(waiting, pk=job_id)


def _instructions(job: Job) -> JsonResponse:
    names = {"part": "upload_part", "finish": "upload_finish", "resume": "upload_resume", "discard": "discard"}
    urls = {name: reverse(url_name, args=[job.pk]) for name, url_name in names.items()}
    return JsonResponse({**direct_intake.instructions(job), **urls})


def _early(request: HtmxRequest, error: str, status: HTTPStatus) -> HttpResponse:
    """Refuse a part."""
    _drain(request)
    return JsonResponse({"error": error}, status=status)


def _drain(request: HtmxRequest) -> None:
    """Read a body that is not taken, or the browser would see a broken connection instead of the answer."""
    left = MOST_DRAINED
    with suppress(UnreadablePostError):  # then nobody waits for the answer
        while left > 0 and (piece := request.read(DRAIN_BYTES)):
            left -= len(piece)
