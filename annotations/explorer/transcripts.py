"""A row's own line in the annotated VCF, found by its index, and every transcript's consequence that stands in it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import pysam

from annotations.engine.reference import Reference
from annotations.engine.results.consequence import Consequence, every_consequence
from annotations.engine.results.gene_ends import GeneEnds
from annotations.explorer.pool import TableAway
from annotations.explorer.tabix_spans import spans_at
from annotations.models import Job
from annotations.result_files import keys_of, local, local_parts


@dataclass(frozen=True)
class Line:
    """One record of the VCF: its columns as they stand there."""

    columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line."""
        return "\t".join(self.columns)

    @property
    def info(self) -> dict[str, str]:
        """INFO by key; a flag's value is empty. Percent-encoding is left as it is."""
        return {key: value for key, _, value in (part.partition("=") for part in self.columns[7].split(";"))}

    def transcripts(self, reference: Reference | None) -> list[Consequence]:
        """What the allele does to each transcript."""
        unfinished = _gene_ends(reference).unfinished if reference else {}
        return every_consequence(unquote(self.info.get("BCSQ", "")), unfinished)

    def sample(self, number: int) -> dict[str, str]:
        """A sample's values by FORMAT key; ``number`` counts from 0."""
        if len(self.columns) <= 9 + number:
            return {}
        return dict(zip(self.columns[8].split(":"), self.columns[9 + number].split(":"), strict=False))


@lru_cache(maxsize=8)
def _gene_ends(reference: Reference) -> GeneEnds:
    return GeneEnds(reference)


def line_of(job: Job, row: dict[str, Any], place: int) -> Line | None:
    """Return the line of a row; ``place`` counts the rows before it at the same contig and position.

    None when the index does not know the place. Raises TableAway when the files are not in the store.
    """
    keys = keys_of(job, "vcf", "index")
    with ExitStack() as opened:
        try:
            index = opened.enter_context(local(keys["index"]))
            spans = spans_at(index, row["contig"], row["pos"])
            vcf = opened.enter_context(local_parts(keys["vcf"], spans))
            file = opened.enter_context(pysam.TabixFile(str(vcf), index=str(index)))
            lines = file.fetch(row["contig"], max(0, row["pos"] - 1), row["pos"])
        except (KeyError, OSError) as error:
            raise TableAway("This result's VCF is not here.") from error
        except ValueError:  # the index has no such contig: it has no place for a record beyond 2^29, for one
            return None
        at = str(row["pos"])
        found = (columns for columns in (line.split("\t") for line in lines) if columns[1] == at)
        columns = next((one for number, one in enumerate(found) if number == place), None)
    if columns is None or (columns[3], columns[4]) != (row["ref"], row["alt"]):
        return None
    return Line(tuple(columns))
