"""A look at the first records for ids that the header should have declared; bcftools stops at each that is missing."""

from __future__ import annotations

from annotations.engine.reading.header import Header
from annotations.engine.reading.header_text import KEY


def scan_head(header: Header, data: bytes) -> tuple[dict[tuple[str, str], bool], list[str]]:
    """Undeclared (kind, id) -> whether it is a flag, and the contigs met, from a chunk of whole lines.

    Lines that are broken are passed over: they are refused when their turn comes.
    """
    flags: dict[tuple[str, str], bool] = {}
    contigs: dict[str, None] = {}
    infos, formats, filters = (set(header.declared(kind)) for kind in ("INFO", "FORMAT", "FILTER"))
    seen: set[bytes] = set()
    for line in data.split(b"\n"):
        fields = line.split(b"\t", 9)
        if len(fields) < 8:
            continue
        contigs.setdefault(fields[0].decode("utf-8", "replace"))
        for item in fields[7].split(b";"):
            key, equals, _ = item.partition(b"=")
            name = key.decode("utf-8", "replace")
            if name not in infos and name != "." and KEY.fullmatch(name):
                flags["INFO", name] = flags.get(("INFO", name), True) and not equals
        for kind, place, mark, known in (("FILTER", 6, b";", filters), ("FORMAT", 8, b":", formats)):
            text = fields[place] if place < len(fields) else b"."
            if text in seen:
                continue
            seen.add(text)
            for name in text.decode("utf-8", "replace").split(mark.decode()):
                if name not in known and name not in (".", "PASS") and KEY.fullmatch(name):
                    flags[kind, name] = False
    return flags, list(contigs)
