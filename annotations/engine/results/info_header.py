"""The header of the output VCF: what the file had, then what we added, without a path of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

from annotations.engine.placing.placer import PLACE_FIELDS
from annotations.engine.reference import Reference, Source
from annotations.engine.results.entries import OWN_FIELDS

#: Declared by the reader for the way through the pipe only.
PIPE_ONLY = (b"##INFO=<ID=GAS_ALT,", b"##INFO=<ID=GAS_NOT_ANNOTATED,", b"##INFO=<ID=GAS_AS_IS_")
#: How the reader declares a number that travels as text (header_text.TRUE_TYPE).
_TRAVELLING = re.compile(rb"(?<=[<,])Type=String,GAS_TYPE=(Integer|Float)(?=[,>])")


def source_lines(source: Source) -> list[str]:
    """The INFO lines of a source's fields; the version says which release the values come from."""
    return [
        f'##INFO=<ID={field.info},Number={field.number},Type={field.type},Description="{quoted(field.description)}",'
        f'Source="{quoted(source.name)}",Version="{quoted(source.version)}">'
        for field in source.fields
    ]


def own_lines(reference: Reference, version: str) -> list[str]:
    """What stands in the output's header about this annotation."""
    lines = [
        f"##GAS_version={version}",
        f'##GAS_reference=<ID={reference.name},Assembly="{quoted(reference.assembly)}",Title="{quoted(reference.title)}">',
    ]
    lines += [
        f'##GAS_source=<ID={re.sub(r"[^0-9A-Za-z._-]+", "_", source.name)},Version="{quoted(source.version)}",'
        f'Citation="{quoted(source.citation)}",'
        f"SHA256={source.sha256}>"
        for source in reference.sources
    ]
    lines += [line for source in reference.sources for line in source_lines(source)]
    lines += [
        f'##INFO=<ID={name},Number={number},Type=String,Description="{quoted(text)}",Source="GAS",Version="{version}">'
        for name, number, text in OWN_FIELDS
    ]
    lines += [
        f'##INFO=<ID={name},Number={number},Type={kind},Description="{quoted(text)}",Source="GAS",Version="{version}">'
        for name, number, kind, text in PLACE_FIELDS
    ]
    return lines


def output_header(lines: Iterable[bytes], reference: Reference, version: str) -> bytes:
    """The stream's header lines (without line ends, ``#CHROM`` last) as the output's header."""
    kept = [
        _TRAVELLING.sub(rb"Type=\1", line, count=1) if line.startswith(b"##INFO=<") else line
        for line in lines
        if not line.startswith(PIPE_ONLY)
    ]
    return b"\n".join([*kept[:-1], *(line.encode() for line in own_lines(reference, version)), kept[-1], b""])


def quoted(text: str) -> str:
    """Text for a quoted header value, on one line."""
    return " ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())
