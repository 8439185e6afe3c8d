"""A change of a transcript or of a protein as people write it: ``c.1019G>A``, ``MT-ND4:p.R340H``, ``Arg340His``.

The table has it after HGVS, on the transcript that is told, and as bcftools csq writes it, in one letter an amino acid.
"""

from __future__ import annotations

import re

from annotations.engine.hgvs.genetic_code import THREE_LETTERS
from annotations.explorer.conditions import Condition, any_of, one_of
from annotations.explorer.reading_effect import gene_named, genes_of
from annotations.explorer.table import VariantTable

_NAMED = re.compile(r"(?:(?P<of>[^\s:]+):)?(?P<kind>[cnp]\.)(?P<change>\S+)", re.IGNORECASE)
_ONE_LETTER = {code.upper(): letter for letter, code in THREE_LETTERS.items()}
_CODE = "|".join(_ONE_LETTER)
_CODES = re.compile(_CODE, re.IGNORECASE | re.ASCII)
#: What begins with a residue in three letters; in texts that do not, three letters may be three residues.
_LONG = re.compile(rf"(?:{_CODE})\d+(?:_(?:{_CODE})\d+)?(?:{_CODE}|fs|del|dup|ins|[=*?])\S*", re.IGNORECASE | re.ASCII)
_SHORT = re.compile(r"[A-Z*]\d+(?:[A-Z*=]|fs|del|_?[A-Z*\d]\w*)", re.IGNORECASE)
_SAME = re.compile(r"([A-Z*])(\d+)=")


def named_change(text: str, table: VariantTable) -> Condition | None:
    """Return the rows of a change that says by ``c.``, ``n.`` or ``p.`` what it is; None for other texts.

    Before a colon may stand the transcript, with its version or without, or the gene.
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        return None
    kind, change = found["kind"].lower(), found["change"]
    changed = _of_protein(change, table) if kind == "p." else _named("hgvs_c", [kind + change], table)
    return changed & _belongs_to(found["of"], table) if found["of"] else changed


def protein_change(text: str, table: VariantTable) -> Condition | None:
    """Return the rows of a change of a protein without ``p.``; None for texts that do not look like one."""
    return _of_protein(text, table) if _LONG.fullmatch(text) or _SHORT.fullmatch(text) else None


def _of_protein(change: str, table: VariantTable) -> Condition:
    """Rows by either name, in either case. HGVS puts what is predicted in brackets, which people leave out."""
    bare = change.removeprefix("(").removesuffix(")")
    long, short = bare.replace("*", "Ter"), bare.upper()
    if _LONG.fullmatch(bare):
        long = _CODES.sub(lambda code: code[0].title(), bare.lower().replace("*", "Ter"))
        short = _CODES.sub(lambda code: _ONE_LETTER[code[0]], short)
    # The short name of what changes nothing has the residue twice: VCF's INFO has no room for the sign.
    short = _SAME.sub(r"\1\2\1", short)
    return _named("hgvs_p", [f"p.{bare}", f"p.({long})"], table) | Condition('upper("protein") = ?', (short,))


def _named(column: str, names: list[str], table: VariantTable) -> Condition:
    """No row where the table was written before it had names, of transcripts too."""
    return one_of(f'"{column}"', names if column in table.schema.names else [])


def _belongs_to(name: str, table: VariantTable) -> Condition:
    present = genes_of(table)
    gene = gene_named(name, present)
    transcript = _named("transcript", sorted({name, name.partition(".")[0]}), table)
    return any_of([transcript, one_of('"genes"', present[gene.upper()][1] if gene else [])])
