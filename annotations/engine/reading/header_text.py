"""The header as it is handed to bcftools: the user's lines, the reference's contigs and what had to be added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from annotations.engine.reading.contig_names import DECLARABLE, ContigNames
from annotations.engine.reading.header import Header, Meta
from annotations.engine.reading.info_lists import InfoLists
from annotations.engine.reference import Reference

#: INFO ids of the output that are ours; everything beginning with GAS_ is, too.
OWN_INFO = "BCSQ"
OWN_PREFIX = "GAS_"
#: What the reader adds to a record that the annotators must not see (see record_checks).
MASK_LINES = (
    '##INFO=<ID=GAS_ALT,Number=.,Type=String,Description="Alternate alleles of the input, hidden from annotators">',
    '##INFO=<ID=GAS_NOT_ANNOTATED,Number=.,Type=String,Description="Why the record could not be annotated">',
)
#: An id that a header line can declare so that htslib finds it again. The specification is narrower.
KEY = re.compile(r'(?!\[)[^\s,;<>"=]+')

_KNOWN_TYPES = {
    ("INFO", "END"): ("1", "Integer"),
    ("INFO", "DP"): ("1", "Integer"),
    ("INFO", "AN"): ("1", "Integer"),
    ("INFO", "NS"): ("1", "Integer"),
    ("FORMAT", "GT"): ("1", "String"),
}
#: The attribute of an INFO line that bears the true Type of a field whose values travel as text.
TRUE_TYPE = "GAS_TYPE"
#: INFO ids that htslib itself reads, to tell where a variant ends.
_READ_BY_HTSLIB = ("END", "SVLEN", "LEN")
Undeclared = Mapping[tuple[str, str], bool]
"""(kind, id) -> whether it is a flag, i.e. was only met without a value."""


def own_info_ids(reference: Reference) -> set[str]:
    """INFO ids that the annotation writes beside those with the prefix GAS_."""
    return {OWN_INFO} | {field.info for source in reference.sources for field in source.fields}


def clashing_ids(ids: Iterable[str], reference: Reference) -> dict[str, str]:
    """The user's INFO ids that are also ours -> their new name, INPUT_<id>, itself made free where taken."""
    taken = set(ids)
    own = own_info_ids(reference)
    renames = {}
    for name in sorted(taken):
        if name in own or name.startswith(OWN_PREFIX):
            new = f"INPUT_{name}"
            while new in taken:
                new = f"INPUT_{new}"
            taken.add(new)
            renames[name] = new
    return renames


def header_text(
    header: Header,
    reference: Reference,
    names: ContigNames,
    *,
    undeclared: Undeclared,
    renames: Mapping[str, str],
    extra_contigs: Iterable[str],
) -> bytes:
    """The complete header, ending with the #CHROM line.

    Numbers in INFO are declared as text, which bcftools hands on as it was written: of a number it would keep seven
    digits, of a word nothing.
    """
    lines = ["##fileformat=VCFv4.2" if header.is_old else f"##fileformat={header.version}"]
    lines += [_line(meta, renames) for meta in header.metas if meta.kind != "contig"]
    lines += _contig_lines(header, reference, names, extra_contigs)
    declared = {(meta.kind, meta.id) for meta in header.metas}
    for (kind, name), flag in undeclared.items():
        if (kind, name) not in declared:
            lines.append(_declaration(kind, renames.get(name, name) if kind == "INFO" else name, flag=flag))
    lines += MASK_LINES
    lines += InfoLists(header, renames).declarations
    lines.append("\t".join(header.columns))
    return ("\n".join(lines) + "\n").encode()


def _contig_lines(header: Header, reference: Reference, names: ContigNames, extra: Iterable[str]) -> list[str]:
    """The reference's contigs, with what the user's lines said beside, then the unknown ones as they were."""
    said: dict[str, dict[str, str]] = {}
    unknown: dict[str, str] = {}
    for name, meta in header.declared("contig").items():
        known = names.find(name)
        if known is None:
            unknown[name] = _unknown_contig(name, meta)
        else:
            rest = {key: value for key, value in meta.attributes.items() if key not in ("ID", "length") and value}
            said.setdefault(known.name, rest)
    for name in extra:
        if names.find(name) is None and DECLARABLE.fullmatch(name):
            unknown.setdefault(name, f"##contig=<ID={name}>")
    lines = []
    for contig in reference.contigs:
        others = "".join(f",{key}={value}" for key, value in said.get(contig.name, {}).items())
        lines.append(f"##contig=<ID={contig.name},length={contig.length}{others}>")
    return lines + list(unknown.values())


def _unknown_contig(name: str, meta: Meta) -> str:
    length = meta.attributes.get("length", "")
    return meta.text if length.isdigit() or "length" not in meta.attributes else f"##contig=<ID={name}>"


def _line(meta: Meta, renames: Mapping[str, str]) -> str:
    if meta.kind != "INFO":
        return meta.text
    type_ = _travelling(meta.id, meta.attributes["Type"])
    attributes = {**meta.attributes, "ID": renames.get(meta.id, meta.id), "Type": type_}
    return f"##INFO=<{','.join(f'{key}={value}' for key, value in attributes.items())}>"


def _travelling(name: str, type_: str) -> str:
    """The Type under which an INFO field goes through the pipe, and its own beside it where that is another."""
    return f"String,{TRUE_TYPE}={type_}" if type_ in ("Integer", "Float") and name not in _READ_BY_HTSLIB else type_


def _declaration(kind: str, name: str, *, flag: bool) -> str:
    said = "Not declared in the header of the input"
    if kind == "FILTER":
        return f'##FILTER=<ID={name},Description="{said}">'
    number, type_ = _KNOWN_TYPES.get((kind, name), ("0", "Flag") if flag and kind == "INFO" else (".", "String"))
    type_ = _travelling(name, type_) if kind == "INFO" else type_
    return f'##{kind}=<ID={name},Number={number},Type={type_},Description="{said}">'
