"""Which columns a table shows: what the URL says, else what the user chose last, else what fits the result."""

from __future__ import annotations

from collections.abc import Iterable

from annotations.explorer.columns import CLINICAL, ROW, Catalogue, Column
from annotations.models import ColumnChoice, Job

MOST_SHOWN = 20
#: The gene's cell has the protein change with it, as people say them together.
_GENE_AND_PROTEIN = Column("gene", "Gene, protein", "gene", '"gene"', '"gene"')
#: What cells are made of beside their own column: the variant's name, the gene's, and whether it was looked up.
NEEDED = ("contig", "pos", "ref", "alt", "gene", "protein", "impact", "not_annotated")


def shown_columns(names: Iterable[str], catalogue: Catalogue) -> list[Column]:
    """Return the columns of these names in their order; names the table does not have are left out."""
    found = [catalogue.get(name) for name in dict.fromkeys(names)]
    columns = [column for column in found if column is not None and column.name != ROW.name][:MOST_SHOWN]
    return [_GENE_AND_PROTEIN if column.name == "gene" else column for column in columns]


def default_columns(catalogue: Catalogue) -> list[Column]:
    """Return what most people want to see of a result, as far as it has it."""
    clinical = catalogue.of_role(*CLINICAL)[:1]
    diseases = catalogue.of_role("disease")[:1]
    frequency = [catalogue.frequency] if catalogue.frequency else []
    quality = [] if clinical or diseases else ["qual", "filter"]
    few = range(min(len(catalogue.samples), 1 if catalogue.has_levels else 3))
    samples = [f"{'level' if catalogue.has_levels else 'genotype'}.{number + 1}" for number in few]
    sources = [column.name for column in (*clinical, *diseases, *frequency)]
    return shown_columns(["impact", "gene", "consequence", *sources, *quality, *samples, "id"], catalogue)


def columns_for(job: Job | None, text: str, catalogue: Catalogue) -> list[Column]:
    """Return the columns that a page shows; ``text`` is the URL's list, with commas. No job: nobody chose before."""
    if columns := shown_columns(text.split(","), catalogue):
        return columns
    if job is None:
        return default_columns(catalogue)
    remembered = ColumnChoice.objects.filter(user=job.user, reference=job.reference).values_list("columns", flat=True)
    for names in remembered:
        if columns := shown_columns(names.split(","), catalogue):
            return columns
    return default_columns(catalogue)


def remember(job: Job, names: Iterable[str]) -> str:
    """Keep a choice for this user and reference, and return it as the URL has it."""
    columns = ",".join(names)
    ColumnChoice.objects.update_or_create(user=job.user, reference=job.reference, defaults={"columns": columns})
    return columns


def queried(columns: Iterable[Column], catalogue: Catalogue) -> list[Column]:
    """Return what a query selects so that these columns' cells can be made."""
    needed = [catalogue.get(name) for name in NEEDED]
    every = {column.name: column for column in (*(one for one in needed if one), *columns)}
    return list(every.values())
