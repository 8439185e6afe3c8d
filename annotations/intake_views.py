"""The pages of /annotate/: choose a file, read the verdict, run."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.signed_in import signed_in_user
from annotations import deleting, direct_intake, intake, moves, private_sources
from annotations.catalogue import UnknownReference, installed_references, reference_named
from annotations.engine.errors import InputRefused
from annotations.forms import AnnotateForm
from annotations.models import Job, JobStatus
from annotations.uploads import drop_unfinished, limit_upload, refuse_if_exceeded
from gas_site.disk_room import NoRoom, full_disk_told
from gas_site.disk_uploads import DiskUploads
from gas_site.requests import HtmxRequest, patience
from gas_site.storage import StoreAway, file_store
from gas_site.upload_parts import part_bytes

# A browser that has gone away without a word is waited for so long.
SILENCE_SECONDS = 60


@csrf_exempt  # the token stands in the body, which must not be read before the limit is set; _annotate checks it
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def annotate(request: HtmxRequest) -> HttpResponse:
    """Take a file. With ``check`` in the form, stop at the verdict; without, queue it and show the job."""
    if request.method != "POST":
        return _page(request, AnnotateForm())
    limit = signed_in_user(request).plan.max_upload_bytes
    try:
        patience(request, SILENCE_SECONDS)
        with full_disk_told():
            limit_upload(request, limit)
            return _annotate(request)
    except intake.TooLarge as error:
        return refusal_response(request, AnnotateForm(), error)
    except NoRoom:
        return full_disk_response(request)
    except RequestDataTooBig:
        most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        refusal = {
            "title": "This text is too long to paste",
            "text": f"Pasted text is taken up to {most}. Save it as a file and upload the file.",
        }
        return show_refusal(request, AnnotateForm(), refusal, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    finally:
        drop_unfinished(request)


@csrf_protect
def _annotate(request: HtmxRequest) -> HttpResponse:
    form = AnnotateForm(request.POST, request.FILES)
    try:
        refuse_if_exceeded(request)
        if not form.is_valid():
            return _invalid(request, form)
        job = intake.receive(signed_in_user(request), form.cleaned_data["upload"], form.cleaned_data["reference"])
    except (InputRefused, intake.TooLarge, UnknownReference) as error:
        return refusal_response(request, form, error)
    if request.POST.get("check") or job.verdict.get("chosen"):
        return verdict_response(request, job) if request.htmx else redirect("confirm", job_id=job.pk)
    moves.enqueue(job.pk, job.reference, haplotype_aware=_by_haplotype(request))
    return redirect(job)


def _by_haplotype(request: HtmxRequest) -> bool:
    return request.POST.get("consequences") == "haplotype"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Show the verdict on a checked file (GET); queue it (POST), checked again when the reference is another."""
    job = get_object_or_404(Job.objects.of(signed_in_user(request)), pk=job_id)
    if job.status != JobStatus.UPLOADING:
        return redirect(job)  # the button was pressed twice, or a bookmark
    if job.awaits_upload:
        return redirect("annotate")
    if request.method != "POST":
        return _page(request, AnnotateForm(initial={"reference": job.reference}), job=job)
    wanted = request.POST.get("reference") or job.reference
    try:
        if wanted != job.reference:
            reference = reference_named(wanted)
            verdict = intake.check(job.input_key, job.file_name, reference)
            private_sources.check_again(job, reference)
            Job.objects.filter(pk=job.pk, status=JobStatus.UPLOADING).update(verdict=verdict.to_json())
    except (InputRefused, UnknownReference) as error:
        return refusal_response(request, AnnotateForm(initial={"reference": job.reference}), error, job=job)
    except private_sources.SourceRefused as error:
        return ticket_page(request, job, f"With {wanted}: {error}", HTTPStatus.UNPROCESSABLE_ENTITY)
    moves.enqueue(job.pk, wanted, haplotype_aware=_by_haplotype(request))
    return redirect(job)


@login_required
@require_POST
def discard(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    """Throw a checked file away and choose another."""
    job = get_object_or_404(Job.objects.of(signed_in_user(request)), pk=job_id, status=JobStatus.UPLOADING)
    deleting.delete(job)
    return redirect("annotate")


def _context(request: HtmxRequest, form: AnnotateForm, job: Job | None) -> dict[str, Any]:
    user = signed_in_user(request)
    context: dict[str, Any] = {
        "form": form,
        "references": form.references,
        "plan": user.plan,
        "max_bytes": user.plan.max_upload_bytes,
        "retention": user.plan.retention,
        "queue_ahead": Job.objects.active().count(),
        "contact_email": settings.CONTACT_EMAIL,
        "whole_below": part_bytes(1) if isinstance(file_store().uploads, DiskUploads) else 0,
    }
    if job:
        context |= {
            "job": job,
            "verdict": job.verdict,
            "own_sources": job.private_sources.all(),
            "may_add_sources": private_sources.may_add(user),
            "source_megabytes": private_sources.MAX_BYTES >> 20,
        }
    return context


def _page(request: HtmxRequest, form: AnnotateForm, job: Job | None = None) -> HttpResponse:
    context = _context(request, form, job)
    if job is None:
        with suppress(StoreAway):  # they are listed once it can say how much has arrived
            context["begun"] = direct_intake.begun(signed_in_user(request))
    return render(request, "annotations/annotate.html", context)


def ticket_page(request: HtmxRequest, job: Job, source_refusal: str, status: int) -> HttpResponse:
    """Show a checked file again, with why a source of the user's own was not taken."""
    form = AnnotateForm(initial={"reference": job.reference})
    context = _context(request, form, job) | {"source_refusal": source_refusal}
    return render(request, "annotations/annotate.html", context, status=status)


def verdict_response(request: HtmxRequest, job: Job) -> HttpResponse:
    """Answer with what the check of a file found."""
    form = AnnotateForm(initial={"reference": job.reference})
    return render(request, "annotations/partials/verdict.html", _context(request, form, job))


def _invalid(request: HtmxRequest, form: AnnotateForm) -> HttpResponse:
    sentences = [str(message) for messages in form.errors.values() for message in messages]
    return show_refusal(request, form, {"title": "Nothing to annotate yet", "text": " ".join(sentences)}, 422)


def refusal_response(
    request: HtmxRequest, form: AnnotateForm, error: Exception, job: Job | None = None
) -> HttpResponse:
    """Answer with why a file was not taken."""
    too_large = isinstance(error, intake.TooLarge)
    title = "This file is too large for your plan" if too_large else "This file cannot be annotated as it is"
    refusal = {"title": title, "text": str(error), "too_large": too_large}
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.UNPROCESSABLE_ENTITY
    return show_refusal(request, form, refusal, status, job)


def full_disk_response(request: HtmxRequest) -> HttpResponse:
    """Answer that the disk has no room for a file."""
    text = (
        "The disk of this site is full. Nothing of your file was kept. Try again later; if it stays so, write to "
        f"{settings.CONTACT_EMAIL}."
    )
    refusal = {"title": "There is no room for this file now", "text": text}
    return show_refusal(request, AnnotateForm(), refusal, HTTPStatus.INSUFFICIENT_STORAGE)


def show_refusal(
    request: HtmxRequest, form: AnnotateForm, refusal: dict[str, Any], status: int, job: Job | None = None
) -> HttpResponse:
    """Show a refusal with a title and a text, on the form or, for htmx, alone."""
    template = "annotations/partials/refusal.html" if request.htmx else "annotations/annotate.html"
    return render(request, template, _context(request, form, job) | {"refusal": refusal}, status=status)


@require_safe
def references_page(request: HtmxRequest) -> HttpResponse:
    """Show what is installed: references, their sources, versions and citations."""
    return render(request, "annotations/sources.html", {"references": installed_references()})
