"""Exports for Excel: a sheet of provenance, then the rows, on as many sheets as they need.

Every text is written as a text: nothing that begins with =, +, - or @ is computed, no address becomes a link.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from annotations.exports.content import Content
from annotations.exports.text import plain_values

#: Limits of a sheet and a cell: "Excel specifications and limits" at support.microsoft.com.
SHEET_ROWS, SHEET_COLUMNS, CELL_CHARACTERS = 1_048_576, 16_384, 32_767
_CUT = "… cut at Excel's limit of 32,767 characters"
_PIECE = 1 << 20


class TooWide(Exception):
    """The table has more columns than a sheet."""


def xlsx(content: Content) -> Iterator[bytes]:
    """Write a workbook through temporary files, a row at a time, and give it in pieces. Raises TooWide."""
    if len(content.columns) > SHEET_COLUMNS:
        raise TooWide(
            f"A sheet of Excel has {SHEET_COLUMNS:,} columns, and this result {len(content.columns):,}. "
            "Take TSV or Parquet, which have no such limit."
        )
    with tempfile.TemporaryDirectory(dir=settings.WORK_DIR, prefix="export-") as scratch:
        path = Path(scratch) / "export.xlsx"
        with Workbook(path, {"constant_memory": True, "tmpdir": scratch, "use_zip64": True}) as book:
            _write_provenance(book, content)
            for _ in _write_rows(book, content):
                yield b""  # nothing to send before the workbook is whole, but whoever waits hears of it
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def _write_provenance(book: Workbook, content: Content) -> None:
    sheet = book.add_worksheet("Provenance")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    bold = book.add_format({"bold": True})
    for row, (name, value) in enumerate(content.provenance):
        sheet.write_string(row, 0, name, bold)
        _write_text(sheet, row, 1, value)


def _write_rows(book: Workbook, content: Content) -> Iterator[None]:
    bold = book.add_format({"bold": True})
    sheet, number, at = _new_sheet(book, content, 1, bold), 1, 1
    for batch in content.batches():
        for row in zip(*map(plain_values, batch.columns), strict=True):
            if at == SHEET_ROWS:
                number += 1
                sheet, at = _new_sheet(book, content, number, bold), 1
            for column, value in enumerate(row):
                if value is not None:
                    _WRITERS[type(value)](sheet, at, column, value)
            at += 1
        yield


def _new_sheet(book: Workbook, content: Content, number: int, bold: Format) -> Worksheet:
    sheet = book.add_worksheet("Variants" if number == 1 else f"Variants {number}")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(content.names):
        _write_text(sheet, 0, column, name, bold)
    return sheet


def _write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format | None = None) -> None:
    """Write a text as a text. The library leaves out what is too long for a cell; here it is cut, and says so."""
    if len(text) > CELL_CHARACTERS:
        text = text[: CELL_CHARACTERS - len(_CUT)] + _CUT
    sheet.write_string(row, column, text, style)


def _write_flag(sheet: Worksheet, row: int, column: int, flag: bool) -> None:
    sheet.write_boolean(row, column, flag)


def _write_number(sheet: Worksheet, row: int, column: int, number: float) -> None:
    sheet.write_number(row, column, number)


_WRITERS: dict[type, Callable[[Worksheet, int, int, Any], None]] = {
    str: _write_text,
    bool: _write_flag,
    int: _write_number,
    float: _write_number,
}
