"""The filter bar: its fields with the choices this result offers, and what the filter has chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from annotations.engine.results.alleles import CLASSES
from annotations.explorer.clinical import CALLS, HARMFUL
from annotations.explorer.columns import CLINICAL
from annotations.explorer.plan import Plan
from annotations.explorer.reading_samples import KINDS
from annotations.explorer.table import VariantTable
from annotations.figures.words import percent, term

RARER_THAN = (0.0001, 0.001, 0.01, 0.05)
#: A list of more samples is no choice; their numbers can be written.
MOST_SAMPLES = 8
MOST_FILTERS = 40


@dataclass(frozen=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """A labelled field; one with ``options`` is a select, the others are written into."""

    name: str
    label: str
    value: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    number: int = 0

    @property
    def id(self) -> str:
        """Return the id of the field's element."""
        return f"filter-{self.name}{self.number or ''}"


@dataclass(frozen=True)
class FilterForm:
    """The fields that are always there and those behind "More filters"."""

    search: Field
    first: tuple[Field, ...]
    more: tuple[Field, ...]
    more_used: bool


def form_for(plan: Plan, table: VariantTable, held: Collection[str] = ()) -> FilterForm:
    """Return the form; what a URL asks beyond the choices is a choice of its own, so that the form does not lose it.

    ``held`` are parameters that a saved filter has and no form can send; they have no field.
    """
    catalogue = table.catalogue
    first = [_select(plan, "impact", "Impact", _impacts())]
    if catalogue.frequency is not None:
        source = catalogue.frequency.title.removesuffix(" frequency")
        first.append(_select(plan, "frequency", source, _frequencies()))
    if catalogue.of_role(*CLINICAL):
        first.append(_select(plan, "clinical", "Significance", _calls()))
    first.append(_text(plan, "gene", "Gene or list", "MT-ND4, MT-CYB"))
    more = [
        _text(plan, "region", "Region", _example(table)),
        _select(plan, "consequence", "Consequence", _consequences(table)),
        _select(plan, "known", "Known", [("yes", "Known"), ("no", "Novel")]),
        _select(plan, "class", "Class", [(name, name) for name in CLASSES]),
        _text(plan, "quality", "Quality", "30 or 30-100"),
    ]
    if catalogue.of_role("disease"):
        more.insert(1, _text(plan, "disease", "Disease", "LHON"))
    filters = table.distinct("filter")
    if filters:
        more.append(_select(plan, "filter", "FILTER", [(name, name) for name in filters[:MOST_FILTERS]]))
    more += _samples(plan, table)
    used = any(plan.filter.values(field.name) for field in more) or bool(plan.filter.values("worst"))
    search = _text(plan, "q", "Search", "Gene, m. position, rsID")
    return FilterForm(search, tuple(f for f in first if f.name not in held), tuple(more), used)


def carried(plan: Plan, form: FilterForm) -> list[tuple[str, str]]:
    """Return what the filter has and the form has no field for, to be sent along unseen."""
    shown = {field.name for field in (form.search, *form.first, *form.more)}
    return [(name, value) for name, values in plan.filter.items if name not in shown for value in values]


def _samples(plan: Plan, table: VariantTable) -> list[Field]:
    catalogue = table.catalogue
    fields: list[Field] = []
    if catalogue.has_genotypes and len(catalogue.samples) <= MOST_SAMPLES:
        for number, name in enumerate(catalogue.samples, start=1):
            kinds = [(f"{number}:{kind}", words) for kind, (_, words) in KINDS.items()]
            wanted = [value for value in plan.filter.values("genotype") if value.startswith(f"{number}:")]
            fields.append(Field("genotype", name, options=_options(kinds, ",".join(wanted)), number=number))
    elif catalogue.has_genotypes:
        fields.append(_text(plan, "genotype", "Genotype", "Sample number, such as 12:het"))
    if catalogue.has_levels:
        one = len(catalogue.samples) == 1
        fields.append(_text(plan, "level", "Heteroplasmy", "10%-90%" if one else "Sample 1 is 1:10%-90%"))
    return fields


def _text(plan: Plan, name: str, label: str, hint: str) -> Field:
    return Field(name, label, " ".join(plan.filter.values(name)), hint=hint)


def _select(plan: Plan, name: str, label: str, choices: Sequence[tuple[str, str]]) -> Field:
    return Field(name, label, options=_options(choices, ",".join(plan.filter.values(name))))


def _options(choices: Iterable[tuple[str, str]], wanted: str) -> tuple[Option, ...]:
    listed = [("", "Any"), *choices]
    if wanted not in dict(listed):
        listed.append((wanted, wanted if len(wanted) <= 40 else f"{wanted[:39]}…"))
    return tuple(Option(value, text, value == wanted) for value, text in listed)


def _impacts() -> list[tuple[str, str]]:
    single = [(impact, impact) for impact in ("HIGH", "MODERATE", "LOW", "MODIFIER")]
    return [("HIGH,MODERATE", "HIGH or MODERATE"), *single]


def _frequencies() -> list[tuple[str, str]]:
    return [("unseen", "not seen"), *((f"{limit:g}", f"under {percent(limit)}") for limit in RARER_THAN)]


def _calls() -> list[tuple[str, str]]:
    return [(",".join(HARMFUL), "Pathogenic or likely"), *CALLS.items()]


def _consequences(table: VariantTable) -> list[tuple[str, str]]:
    terms = {name for group in table.distinct("consequence") for name in group.split("&")}
    return sorted(((name, term(name)) for name in terms), key=lambda pair: pair[1])


def _example(table: VariantTable) -> str:
    contigs = table.distinct("contig")
    return f"{contigs[0]}:1,000-2,000" if contigs else ""
