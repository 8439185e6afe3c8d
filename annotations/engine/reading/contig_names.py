"""A file's contig names brought to the reference's own."""

from __future__ import annotations

import re

from annotations.engine.reference import Contig, Reference

#: A contig name as the VCF specification has it (4.3, section 1.4.7), which a ##contig line can declare.
DECLARABLE = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")
_MITOCHONDRION = ("MT", "M", "chrM", "chrMT")


class ContigNames:
    """Looks contigs up by any name: the reference's own, its aliases, with or without "chr", M for MT."""

    def __init__(self, reference: Reference) -> None:
        self._names = reference.contig_names()
        self._found: dict[str, Contig | None] = {}

    def find(self, name: str) -> Contig | None:
        """The reference's contig of this name, or None."""
        if name not in self._found:
            self._found[name] = next((self._names[other] for other in _spellings(name) if other in self._names), None)
        return self._found[name]


def _spellings(name: str) -> tuple[str, ...]:
    if name in _MITOCHONDRION:
        return (name, *_MITOCHONDRION)
    return (name, name[3:]) if name.startswith("chr") and len(name) > 3 else (name, f"chr{name}")
