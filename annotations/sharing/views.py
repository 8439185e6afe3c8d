"""The owner's page of shared links: make one, see how often each was used, revoke it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotations.models import Job, JobStatus
from annotations.sharing import links
from annotations.views import own_job

#: The cookie that carries a new link's token to the page that shows it, and how long it lives.
MADE, MADE_SECONDS = "made_link", 60


class ShareForm(forms.Form):
    """What a link shows, and for how long."""

    covers = forms.ChoiceField(
        choices=[
            ("variants", "Figures and variants"),
            ("exports", "Figures, variants and exports"),
            ("result", "Figures only"),
        ],
        label="Shows",
    )
    days = forms.TypedChoiceField(
        choices=[(days, f"{days} day{'s' if days > 1 else ''}") for days in links.LIVES], coerce=int, label="Open for"
    )
    label = forms.CharField(max_length=80, required=False, label="Your name for it")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shares(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show the job's links; make one. Its address is shown on the page that follows, and never again."""
    job = own_job(request, job_id)
    if job.status != JobStatus.COMPLETED:
        return redirect(job)
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _make(job, form)
        except links.TooManyLinks as error:
            messages.error(request, str(error))
    token = request.get_signed_cookie(MADE, default="", salt=str(job.pk), max_age=MADE_SECONDS)
    made = request.build_absolute_uri(reverse("shared:detail", args=[token])) if token else ""
    context = {"job": job, "form": form, "made": made, "links": job.links.prefetch_related("visits")}
    response = render(request, "annotations/sharing/shares.html", context)
    response.delete_cookie(MADE, path=request.path)
    return response


def _make(job: Job, form: ShareForm) -> HttpResponse:
    """Make the link, and hand its token to the page that follows by a cookie, so that it stands in no table of ours."""
    covers = form.cleaned_data["covers"]
    _, token = links.create(
        job,
        days=form.cleaned_data["days"],
        with_variants=covers != "result",
        with_exports=covers == "exports",
        label=form.cleaned_data["label"],
    )
    response = redirect("annotations:shares", job_id=job.pk)
    response.set_signed_cookie(
        MADE,
        token,
        salt=str(job.pk),
        max_age=MADE_SECONDS,
        path=response["Location"],
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


@login_required
@require_POST
def revoke(request: HttpRequest, job_id: UUID, link: int) -> HttpResponse:
    """Close a link."""
    job = own_job(request, job_id)
    if not links.revoke(job, link):
        raise Http404
    messages.success(request, "The link is revoked. It leads nowhere any more.")
    return redirect("annotations:shares", job_id=job.pk)
