"""The formats of exports by the name that URLs have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from annotations.exports.content import Content
from annotations.exports.parquet import parquet
from annotations.exports.spreadsheet import xlsx
from annotations.exports.text import json_lines, tsv
from annotations.exports.vcf import vcf

#: Up to so many rows a download begins at once; of more a worker makes a file, and a mail says when it is there.
AT_ONCE_ROWS = 250_000
#: A workbook is written whole before its first byte can be sent, some 8,000 rows a second.
AT_ONCE_ROWS_OF_EXCEL = 20_000


@dataclass(frozen=True)
class ExportFormat:
    """One format. ``write`` gives the file in pieces; ``at_once`` is how many rows a request may wait for."""

    name: str
    title: str
    meaning: str
    suffix: str
    content_type: str
    write: Callable[[Content], Iterator[bytes]]
    at_once: int = AT_ONCE_ROWS


FORMATS = {
    one.name: one
    for one in (
        ExportFormat(
            "vcf", "VCF", "The annotated file's own lines, BGZF, in its order", ".vcf.gz", "application/gzip", vcf
        ),
        ExportFormat(
            "tsv",
            "TSV",
            "One line a variant, for R, pandas and the shell",
            ".tsv",
            "text/tab-separated-values; charset=utf-8",
            tsv,
        ),
        ExportFormat(
            "xlsx",
            "Excel",
            "Sheets of variants, and one that says where they come from",
            ".xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            xlsx,
            AT_ONCE_ROWS_OF_EXCEL,
        ),
        ExportFormat(
            "jsonl", "JSON Lines", "One object a variant, for programs", ".jsonl", "application/jsonl", json_lines
        ),
        ExportFormat(
            "parquet",
            "Parquet",
            "Typed columns, for DuckDB, pandas and R",
            ".parquet",
            "application/vnd.apache.parquet",
            parquet,
        ),
    )
}
