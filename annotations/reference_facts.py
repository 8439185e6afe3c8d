"""What `manage.py references` says of an installed reference, as JSON and as lines; how old its sources are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from annotations.engine.reference import Reference, Source
from annotations.engine.results.doings import counted

SHOWN_CONTIGS = 8
#: Sources whose publishers change what they say of an allele, by what is in their names, and how old they may be.
GROWS_STALE = {"clinvar": timedelta(days=365)}
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


def age_of(source: Source) -> timedelta | None:
    """How long ago the source's version was made; None when its version is no date."""
    found = _DATE.fullmatch(source.version)
    try:
        return timezone.now().date() - date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def is_stale(source: Source) -> bool:
    """Whether the source is older than one of its kind should be."""
    limits = [limit for name, limit in GROWS_STALE.items() if name in source.name.lower()]
    age = age_of(source)
    return bool(limits) and age is not None and age > min(limits)


def is_bundled(reference: Reference) -> bool:
    """Whether the reference comes with GAS."""
    return reference.directory.parent == Path(settings.REFERENCE_DIRS[0])


def reference_facts(reference: Reference) -> dict[str, Any]:
    """Everything there is to know of a reference, for JSON."""
    return {
        "name": reference.name,
        "assembly": reference.assembly,
        "title": reference.title,
        "note": reference.note,
        "directory": str(reference.directory),
        "bundled": is_bundled(reference),
        "size": size_of(reference),
        "transcripts": reference.transcripts,
        "contigs": [
            {
                "name": contig.name,
                "length": contig.length,
                "aliases": contig.aliases,
                "genetic_code": contig.genetic_code,
                "circular": contig.circular,
            }
            for contig in reference.contigs
        ],
        "sources": [_source_facts(source) for source in reference.sources],
    }


def _source_facts(source: Source) -> dict[str, Any]:
    age = age_of(source)
    return {
        "name": source.name,
        "version": source.version,
        "age_days": age.days if age is not None else None,
        "stale": is_stale(source),
        "match": source.match,
        "records": source.records,
        "size": source.file.stat().st_size,
        "fields": [field.info for field in source.fields],
        "licence": source.licence,
        "citation": source.citation,
        "sha256": source.sha256,
    }


def reference_lines(reference: Reference, checked: int | None) -> Iterator[str]:
    """The same for people; ``checked`` is how many files were found to be sound, if that was asked."""
    yield reference.name
    yield f"  title        {reference.title}"
    yield f"  assembly     {reference.assembly}"
    if reference.note:
        yield f"  note         {reference.note}"
    shown = [f"{contig.name} ({contig.length:,} bp)" for contig in reference.contigs[:SHOWN_CONTIGS]]
    more = len(reference.contigs) - len(shown)
    yield f"  contigs      {len(reference.contigs):,}: {', '.join(shown)}{f' and {more:,} more' if more else ''}"
    yield f"  transcripts  {reference.transcripts:,}"
    for source in reference.sources:
        yield f"  source       {_source_line(source)}"
    for source in filter(is_stale, reference.sources):
        yield f"  warning      {source.name} is of {source.version}, more than a year old. Add a newer one."
    yield f"  size         {size_of(reference) / 1e6:,.1f} MB"
    yield f"  directory    {reference.directory} ({'bundled' if is_bundled(reference) else 'installed'})"
    if checked is not None:
        yield f"  verified     {checked} files bear their checksums"


def _source_line(source: Source) -> str:
    age = age_of(source)
    told = f"{source.name}, {source.version}: {counted(source.records, source.unit)}"
    size = f"{source.file.stat().st_size / 1e6:,.1f} MB"
    return ", ".join([told, size, *([f"{counted(age.days, 'day')} old"] if age is not None else [])])


def size_of(reference: Reference) -> int:
    """Bytes of all files of the reference."""
    return sum(path.stat().st_size for path in reference.directory.rglob("*") if path.is_file())
