"""The search box: one text that may be an rs number, an HGVS name, a place, a gene, a protein change, or just words."""

from __future__ import annotations

import re

from annotations.explorer.change_query import named_change, protein_change
from annotations.explorer.conditions import Condition, any_of, one_of
from annotations.explorer.hgvs_query import Named, read_name, vcf_allele
from annotations.explorer.reading import Reading, quoted_list
from annotations.explorer.reading_effect import gene_named, genes_of
from annotations.explorer.reading_record import contig_names
from annotations.explorer.reading_sources import contained
from annotations.explorer.regions import ContigNames, Region, read_region
from annotations.explorer.table import VariantTable

_RS = re.compile(r"rs\d+", re.IGNORECASE)
#: How mitochondrial substitutions were written before HGVS, and still are: A3243G.
_OLD_NAME = re.compile(r"([ACGT])(\d{1,12})([ACGT])", re.IGNORECASE)
_BARE_POSITION = re.compile(r"\d[\d,]{0,14}")


def read_search(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Try what the text can mean, the most exact first; words are looked for in genes and diseases."""
    text = values[0]
    label = f"“{quoted_list([text])}”"
    if _RS.fullmatch(text):
        return Reading(label, _identifier(text.lower(), table), _without_identifiers(table))
    names = contig_names(table)
    if named := read_name(text):
        return Reading(label, any_of([_named(named, contig, table) for contig in _contigs(named, names, table)]))
    if region := read_region(text, names) if ":" in text else _on_the_only_contig(text, table, names):
        return _in_region(region, text, label, table)
    present = genes_of(table)
    if gene := gene_named(text, present):
        return Reading(gene, one_of('"genes"', present[gene.upper()][1]))
    if contig := names.find(text):
        return Reading(contig, Region(contig).condition(()))
    return Reading(label, _said(text, table, present))


def _said(text: str, table: VariantTable, present: dict[str, tuple[str, list[str]]]) -> Condition:
    """A change of a transcript or protein where the text is one, or else words."""
    if change := named_change(text, table):
        return change
    readings = [_old_name(text, table), protein_change(text, table), _words(text, table, present)]
    return any_of([one for one in readings if one is not None])


def _old_name(text: str, table: VariantTable) -> Condition | None:
    found = _OLD_NAME.fullmatch(text)
    if found is None or table.reference is None:
        return None
    place, ref, alt = int(found[2]), found[1].upper(), found[3].upper()
    named = Named("", mitochondrial=True, start=place, end=place, change="substitution", ref=ref, alt=alt)
    return any_of([_named(named, contig, table) for contig in _contigs(named, contig_names(table), table)])


def _in_region(region: Region, text: str, label: str, table: VariantTable) -> Reading:
    """What lies there; a bare position may also be an ID, as ClinVar's are."""
    place = region.condition(table.schema.names)
    identifier = None if ":" in text else _whole_identifier(text, table)
    if identifier is None:
        return Reading(f"{region}", place)
    return Reading(f"{region}, or the ID {label}", place | identifier)


def _on_the_only_contig(text: str, table: VariantTable, names: ContigNames) -> Region | None:
    """A bare position, where the result leaves no doubt on which contig."""
    contigs = table.distinct("contig")
    if len(contigs) != 1 or not _BARE_POSITION.fullmatch(text) or names.find(text):
        return None
    return read_region(f"{contigs[0]}:{text}", names)


def _without_identifiers(table: VariantTable) -> tuple[str, ...]:
    if table.has(Condition('"id" IS NOT NULL')):
        return ()
    return ("No record of this file has an ID, so no rs number finds one. Search by position instead.",)


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
    identifier = _whole_identifier(text, table)
    named = [one_of('"genes"', groups)] if groups else []
    return any_of([*named, *([identifier] if identifier else []), diseases])


def _whole_identifier(text: str, table: VariantTable) -> Condition | None:
    """Rows whose ID, no rs number, is the text; None where there is none.

    IDs are compared whole: contained text would be looked for in millions. And only where one is the text: the
    statistics of the row groups mostly tell, and the page then reads one column less.
    """
    identifier = Condition('"id" = ?', (text,))
    return identifier if table.has(Condition("\"id\" NOT LIKE 'rs%'")) and table.has(identifier) else None
