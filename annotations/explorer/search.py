"""The search box: one text that may be an rs number, an HGVS name, a place, a gene, a protein change, or just words."""

from __future__ import annotations

import re

from annotations.explorer.conditions import Condition, any_of, one_of
from annotations.explorer.hgvs_query import Named, read_name, vcf_allele
from annotations.explorer.reading import Reading, quoted_list
from annotations.explorer.reading_effect import gene_named, genes_of
from annotations.explorer.reading_record import contig_names
from annotations.explorer.reading_sources import contained
from annotations.explorer.regions import ContigNames, Region, read_region
from annotations.explorer.table import VariantTable

_RS = re.compile(r"rs\d+", re.IGNORECASE)
_PROTEIN = re.compile(r"(?:p\.)?([A-Z*]\d+(?:[A-Z*=]|fs|del|_?[A-Z*\d]\w*))", re.IGNORECASE)


def read_search(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Try what the text can mean, the most exact first; words are looked for in genes and diseases."""
    text = values[0]
    label = f"“{quoted_list([text])}”"
    if _RS.fullmatch(text):
        return Reading(label, _identifier(text.lower(), table))
    names = contig_names(table)
    if named := read_name(text):
        return Reading(label, any_of([_named(named, contig, table) for contig in _contigs(named, names, table)]))
    if ":" in text and (region := read_region(text, names)):
        return Reading(f"{region}", region.condition(table.schema.names))
    present = genes_of(table)
    if gene := gene_named(text, present):
        return Reading(gene, one_of('"genes"', present[gene.upper()][1]))
    if contig := names.find(text):
        return Reading(contig, Region(contig).condition(()))
    return Reading(label, _said(text, table, present))


def _said(text: str, table: VariantTable, present: dict[str, tuple[str, list[str]]]) -> Condition:
    """A change of a transcript or protein where the text is one, or else words."""
    if text.startswith(("c.", "n.", "p.")) and "hgvs_c" in table.schema.names:
        return Condition('"hgvs_c" = ? OR "hgvs_p" = ?', (text, text))
    words = _words(text, table, present)
    if found := _PROTEIN.fullmatch(text):
        return words | Condition('upper("protein") = ?', (found[1].upper(),))
    return words


def _identifier(text: str, table: VariantTable) -> Condition:
    """Rows whose ID is the text, or whose list of IDs has it, where the result has lists at all."""
    if not table.has(Condition("""contains("id", ';')""")):
        return Condition('"id" = ?', (text,))
    return Condition(
        """\"id" = ? OR (contains("id", ';') AND list_contains(string_split("id", ';'), ?))""", (text, text)
    )


def _contigs(named: Named, names: ContigNames, table: VariantTable) -> list[str]:
    """Where a name may lie: the contig it names, the mitochondrial ones for ``m.``, else every contig."""
    if named.contig:
        contig = names.find(named.contig)
        return [contig] if contig else []
    if named.mitochondrial and table.reference is not None:
        return [contig.name for contig in table.reference.contigs if contig.mitochondrial]
    return list(table.distinct("contig"))


def _named(named: Named, contig: str, table: VariantTable) -> Condition:
    """The one allele a name means; all alleles that touch the place where it means none."""
    place = Region(contig, named.start, named.end)
    own = {one.name for one in table.reference.contigs} if table.reference else set()
    if named.change == "position":
        return place.condition(table.schema.names)
    if table.reference is not None and contig in own:
        allele = vcf_allele(named, table.reference.sequence(contig))
    else:
        allele = (named.start, named.ref, named.alt) if named.change == "substitution" else None
    if allele is None:
        return place.condition(table.schema.names)
    return Condition('"contig" = ? AND "pos" = ? AND "ref" = ? AND "alt" = ?', (contig, *allele))


def _words(text: str, table: VariantTable, present: dict[str, tuple[str, list[str]]]) -> Condition:
    upper = text.upper()
    groups = sorted({group for name, (_, found) in present.items() if upper in name for group in found})
    diseases = contained(table.catalogue.of_role("disease"), text, table)
    # IDs that are no rs numbers are compared whole: contained text would be looked for in millions. And only where one
    # is the text: the statistics of the row groups mostly tell, and the page then reads one column less.
    identifier = Condition('"id" = ?', (text,))
    named = [identifier] if table.has(Condition("\"id\" NOT LIKE 'rs%'")) and table.has(identifier) else []
    return any_of([*([one_of('"genes"', groups)] if groups else []), *named, diseases])
