"""Makes an export: for a response piece by piece, or as a file in the store by a worker."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from annotations.availability import availability_of
from annotations.engine.results.outputs import stem
from annotations.explorer.connection import Unanswered
from annotations.explorer.filters import Filter
from annotations.explorer.plan import plan_for
from annotations.explorer.pool import TableAway, open_table
from annotations.explorer.sorting import read_sort
from annotations.explorer.table import TableUnreadable
from annotations.exports import moves
from annotations.exports.content import Content, exported_columns
from annotations.exports.formats import FORMATS, ExportFormat
from annotations.exports.lease import Lease, Lost
from annotations.exports.provenance import provenance_of
from annotations.exports.spreadsheet import TooWide
from annotations.exports.vcf import LinesMissing
from annotations.models import Export, Job
from annotations.result_files import keys_of, local
from gas_site.storage import file_store

#: What may stand in the way of an export, each with a sentence for a person.
CANNOT_EXPORT = (TableAway, TableUnreadable, Unanswered, TooWide, LinesMissing)


def pieces_of(job: Job, chosen: Filter, order: str, wanted: ExportFormat) -> Generator[bytes, None, None]:
    """Yield the file's pieces; an empty one says that the writer gets on. Raises one of CANNOT_EXPORT."""
    try:
        with _content(job, chosen, order, with_vcf=wanted.name == "vcf") as content:
            yield from wanted.write(content)
    except FileNotFoundError as error:
        raise TableAway("This result's files are not here.") from error


def export_name(job: Job, chosen: Filter, wanted: ExportFormat) -> str:
    """Return the file's name: the upload's, safe everywhere, and whether it is all of it."""
    return f"{stem(job.file_name)}.{'filtered' if chosen else 'variants'}{wanted.suffix}"


def make(export_id: UUID) -> None:
    """Make an export that was ordered; safe to call twice at once."""
    export = moves.claim(export_id)
    if export is None:
        return
    try:
        size = _store(export)
    except Lost:
        file_store().remove(export.key)
    except CANNOT_EXPORT as error:
        moves.fail(export, str(error))
    else:
        if not moves.complete(export, size):
            file_store().remove(export.key)


def _store(export: Export) -> int:
    job = export.job
    availability = availability_of([job]).get(job.pk)
    if availability is None or not availability.downloadable:
        raise TableAway("The result moved to cold storage before this file was made.")
    pieces = pieces_of(job, Filter.from_text(export.query), export.sort, FORMATS[export.format])
    with Lease(export) as lease:
        return file_store().receive(lease.pass_on(pieces), export.key)


@contextmanager
def _content(job: Job, chosen: Filter, order: str, *, with_vcf: bool) -> Iterator[Content]:
    with ExitStack() as opened:
        table = opened.enter_context(open_table(job))
        plan = plan_for(chosen, table)
        sort = read_sort(order, table.catalogue)
        provenance = provenance_of(job, plan, sort, table.count(plan.where))
        keys = keys_of(job, "vcf", "index") if with_vcf else {}
        if with_vcf and "vcf" not in keys:
            raise LinesMissing("This result has no VCF.")
        files = {kind: opened.enter_context(local(key)) for kind, key in keys.items()}
        columns = exported_columns(table.catalogue)
        yield Content(table, plan.where, sort, columns, provenance, files.get("vcf"), files.get("index"))
