"""Reads what is asked of the effect: gene, impact, consequence."""

from __future__ import annotations

import re

from annotations.engine.results.consequence import IMPACT_BY_TERM, IMPACTS
from annotations.explorer.conditions import one_of
from annotations.explorer.gene_names import has_gene
from annotations.explorer.reading import BadValue, Reading, listed, quoted_list, split_values
from annotations.explorer.table import VariantTable
from annotations.figures.words import counted, term

_SEPARATORS = re.compile(r"[\s,;|]+")
MAX_GENES = 5_000


def read_genes(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Gene symbols, one or a pasted list; a variant counts for every gene it falls in. Those without one are named."""
    wanted = list(dict.fromkeys(text for value in values for text in _SEPARATORS.split(value) if text))[:MAX_GENES]
    if not wanted:
        raise BadValue("No gene is named. Write symbols with commas or spaces between them.")
    present = genes_of(table)
    found = {symbol: gene_named(symbol, present) for symbol in wanted}
    names = list(dict.fromkeys(name for name in found.values() if name))
    groups = sorted({group for name in names for group in present[name.upper()][1]})
    label = listed(names or wanted[:1]) if len(wanted) < 4 else counted(len(names), "gene")
    notes = _without_variants([symbol for symbol, name in found.items() if name is None], table)
    return Reading(label, one_of('"genes"', groups), notes)


def _without_variants(symbols: list[str], table: VariantTable) -> tuple[str, ...]:
    """Sentences about genes that nothing lies in: those of the reference, and those that it does not know."""
    if not symbols:
        return ()
    reference = table.reference
    unknown = [one for one in symbols if not has_gene(reference, one)] if reference is not None else []
    empty = [one for one in symbols if one not in unknown]
    notes = [f"No variant of this result lies in {quoted_list(empty)}."] if empty else []
    if reference is not None and unknown:
        notes.append(f"{reference.name} has no gene called {quoted_list(unknown)}. Check the spelling.")
    return tuple(notes)


def genes_of(table: VariantTable) -> dict[str, tuple[str, list[str]]]:
    """Return the genes of a result by name in capitals: as the file writes it, and the values of ``genes`` it is in."""
    present: dict[str, tuple[str, list[str]]] = {}
    for group in table.distinct("genes"):
        for name in group.split(","):
            present.setdefault(name.upper(), (name, []))[1].append(group)
    return present


def gene_named(symbol: str, present: dict[str, tuple[str, list[str]]]) -> str | None:
    """Return the gene that a symbol means, whatever its case and with or without ``MT-``."""
    upper = symbol.upper()
    found = present.get(upper) or present.get(f"MT-{upper}")
    return found[0] if found else None


def read_impact(values: tuple[str, ...], table: VariantTable) -> Reading:
    """HIGH, MODERATE, LOW, MODIFIER."""
    wanted = [value.upper() for value in split_values(values)]
    wrong = [value for value in wanted if value not in IMPACTS]
    if wrong or not wanted:
        raise BadValue(f"No impact: {quoted_list(wrong)}. The impacts are {', '.join(IMPACTS)}.")
    chosen = [impact for impact in IMPACTS if impact in wanted]
    return Reading(listed(chosen), one_of('"impact"', chosen))


def read_consequence(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Sequence Ontology terms, among all that a variant's chosen transcript has."""
    wanted = _terms(values)
    groups = [group for group in table.distinct("consequence") if set(group.split("&")) & set(wanted)]
    return Reading(listed([term(name) for name in wanted]).capitalize(), one_of('"consequence"', groups))


def read_worst(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Terms that are the most severe of their variant: how the summary counts."""
    wanted = _terms(values)
    groups = [group for group in table.distinct("consequence") if group.split("&", 1)[0] in wanted]
    return Reading(f"Most severe: {listed([term(name) for name in wanted])}", one_of('"consequence"', groups))


def _terms(values: tuple[str, ...]) -> list[str]:
    known = set(IMPACT_BY_TERM)
    wanted = split_values(values)
    full = [value if value in known else f"{value}_variant" for value in wanted]
    wrong = [value for value, name in zip(wanted, full, strict=True) if name not in known]
    if wrong or not wanted:
        raise BadValue(f"No consequence: {quoted_list(wrong)}. Write Sequence Ontology terms such as missense_variant.")
    return full
