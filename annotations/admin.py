"""Staff pages for jobs: states to read, and acts that go through the same functions as everybody's."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from annotations import moves
from annotations.models import DeletionReceipt, Job, JobEvent, ResultFile, Shard
from gas_site.read_only import ReadOnly


class JobEventInline(ReadOnly, admin.TabularInline[JobEvent, Job]):
    """The job's moves."""

    model = JobEvent
    fields = ["at", "status", "note"]


class ShardInline(ReadOnly, admin.TabularInline[Shard, Job]):
    """The job's shards, while there are any."""

    model = Shard
    readonly_fields = ["what"]
    fields = ["what", "job_attempt", "state", "records", "attempt", "deaths", "worker", "progress_records", "turn_at"]


class ResultFileInline(ReadOnly, admin.TabularInline[ResultFile, Job]):
    """The job's files."""

    model = ResultFile
    fields = ["kind", "file_name", "size", "sha256"]


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    """Jobs: to find, to read, to cancel and to run again."""

    list_display = ["short_id", "user", "status", "reference", "input_size", "created_at", "elapsed", "deaths"]
    list_filter = ["status", "reference", "created_at", "deaths"]
    list_select_related = ["user"]
    search_fields = ["id", "user__email", "file_name"]
    date_hierarchy = "created_at"
    show_full_result_count = False  # a second count of all jobs for every search
    inlines = [JobEventInline, ShardInline, ResultFileInline]
    actions = ["retry_jobs", "cancel_jobs"]

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Say whether the member of staff may cancel and retry: the right to change jobs, though no form does."""
        return request.user.has_perm("annotations.change_job")

    @admin.action(description="Run again (as a new job of the same owner)", permissions=["act"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Queue the same files again."""
        from annotations import intake  # noqa: PLC0415 (loads NumPy; every process of the site has the admin)

        chosen, done = list(queryset), 0
        for job in chosen:
            with suppress(FileNotFoundError):
                if job.is_terminal and job.deleted_at is None:
                    ticket = intake.copy_of(job)
                    done += moves.enqueue(ticket.pk, ticket.reference)
        why = "a job has to have ended, and its file to be in the store"
        self._tell(request, f"{done} queued again.", len(chosen) - done, why)

    @admin.action(description="Cancel", permissions=["act"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Cancel what has not ended."""
        chosen = list(queryset)
        done = sum(moves.cancel(job, f"cancelled by {request.user}") for job in chosen)
        self._tell(request, f"{done} cancelled.", len(chosen) - done, "a job that has ended cannot be cancelled")

    def _tell(self, request: HttpRequest, done: str, left: int, why: str) -> None:
        self.message_user(request, done, messages.SUCCESS)
        if left:
            self.message_user(request, f"{left} left alone: {why}.", messages.WARNING)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly, admin.ModelAdmin[JobEvent]):
    """Every move of every job."""

    list_display = ["at", "job", "status", "note"]
    list_filter = ["status", "at"]
    search_fields = ["job__id"]
    list_select_related = ["job"]
    show_full_result_count = False


@admin.register(Shard)
class ShardAdmin(ReadOnly, admin.ModelAdmin[Shard]):
    """The shards of jobs that run in parts; rows go when their job has ended."""

    list_display = ["job", "what", "state", "records", "attempt", "deaths", "worker", "turn_at", "lease_expires_at"]
    list_filter = ["state", "gathers", "deaths"]
    search_fields = ["job__id"]
    list_select_related = ["job"]
    show_full_result_count = False


@admin.register(DeletionReceipt)
class DeletionReceiptAdmin(ReadOnly, admin.ModelAdmin[DeletionReceipt]):
    """What was removed, and when."""

    list_display = ["job", "owner", "asked_at", "removed_at", "files", "bytes", "details"]
    list_filter = ["removed_at"]
    search_fields = ["job", "owner"]
    show_full_result_count = False
