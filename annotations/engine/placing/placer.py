"""Places a block's records: transcript, HGVS names and neighbouring genes of each, as columns and as INFO text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotations.engine.gene_models import GeneModels, Numbers
from annotations.engine.placing.alleles import Alleles
from annotations.engine.placing.chosen import chosen_transcripts
from annotations.engine.placing.contig_models import ContigModels, LoadedModels
from annotations.engine.placing.names import Run, run_names
from annotations.engine.placing.neighbours import Around
from annotations.engine.results.entries import Entry, EntryCache

TEXT = pa.dictionary(pa.int32(), pa.string())
#: The table's columns and their types, in order.
PLACE_COLUMNS: Mapping[str, pa.DataType] = {
    "transcript": TEXT,
    "hgvs_g": pa.string(),
    "hgvs_c": pa.string(),
    "hgvs_p": pa.string(),
    "upstream_distance": pa.int64(),
    "gene_before": TEXT,
    "gene_before_distance": pa.int64(),
    "gene_after": TEXT,
    "gene_after_distance": pa.int64(),
}
#: What stands in INFO, with its number and type.
PLACE_FIELDS = (
    ("GAS_TRANSCRIPT", "1", "String", "Transcript with the most severe consequence; of equals the preferred one"),
    ("GAS_HGVSG", "1", "String", "The allele's genomic name after HGVS: g., or m. on mitochondrial DNA"),
    ("GAS_HGVSC", "1", "String", "Its name on GAS_TRANSCRIPT after HGVS: c., or n. where that codes for nothing"),
    ("GAS_HGVSP", "1", "String", "Predicted change of that transcript's protein after HGVS; %3D stands for ="),
    ("GAS_DISTANCE", "1", "Integer", "Bases from the allele to the transcript of GAS_GENE, upstream of which it lies"),
    (
        "GAS_NEAREST",
        "2",
        "String",
        "Outside transcripts: the nearest genes at lower and at higher positions, as gene:bases",
    ),
)


@dataclass(frozen=True)
class Placed:
    """A block's columns by their names in PLACE_COLUMNS, and what they add to INFO: ``;A=1;B=x`` or "", in pieces."""

    columns: Mapping[str, pa.Array]
    info: Sequence[pa.Array]


@dataclass(frozen=True)
class Block:
    """A block's records as the placer needs them; ``entries`` and ``codes`` are completed by what is upstream."""

    runs: Sequence[tuple[str, int, int]]
    positions: Numbers
    pairs: Sequence[tuple[str, str]]
    allele_codes: Numbers
    entries: list[Entry]
    codes: Numbers


class Placer:
    """Places blocks against the models that are loaded."""

    def __init__(self, models: LoadedModels, cache: EntryCache) -> None:
        self._models = models
        self._cache = cache

    def place(self, block: Block) -> Placed:
        """The columns of one block."""
        alleles = Alleles(block.pairs)
        found = [self._run(block, alleles, run) for run in block.runs]
        columns = {
            name: pa.chunked_array([one[name] for one in found], kind).unify_dictionaries().combine_chunks()
            if len(found) > 1
            else found[0][name]
            for name, kind in PLACE_COLUMNS.items()
        }
        return Placed(columns, _info(columns))

    def _run(self, block: Block, alleles: Alleles, run: tuple[str, int, int]) -> dict[str, pa.Array]:
        name, first, last = run
        loaded = self._models.get(name)
        if loaded is None:
            return {column: pa.nulls(last - first, kind) for column, kind in PLACE_COLUMNS.items()}
        positions, allele_codes = block.positions[first:last], block.allele_codes[first:last]
        around, rows = self._around(loaded, block, alleles, first, last)
        codes = block.codes[first:last]
        told = [entry.consequence for entry in block.entries]
        transcripts, introns = chosen_transcripts(loaded.models, positions, told, codes)
        for code in np.unique(codes[introns]).tolist():
            block.codes[first + introns[codes[introns] == code]] = len(block.entries)
            block.entries.append(self._cache.intron(block.entries[code]))
        names = run_names(loaded, Run(positions, alleles, allele_codes, block.entries, codes, transcripts))
        return {
            "transcript": _coded(loaded.models.transcripts, transcripts),
            "hgvs_g": names.genomic,
            "hgvs_c": names.coding,
            "hgvs_p": names.protein,
            **_around_columns(loaded.models, around, rows, last - first),
        }

    def _around(
        self, loaded: ContigModels, block: Block, alleles: Alleles, first: int, last: int
    ) -> tuple[Around, Numbers]:
        """What is around the records outside transcripts, and which these are; those upstream get their entry."""
        outside = np.array([e.consequence is not None and e.consequence.is_outside for e in block.entries], np.bool_)
        rows = np.flatnonzero(outside[block.codes[first:last]])
        starts = block.positions[first:last][rows]
        lengths = alleles.lengths[block.allele_codes[first:last][rows]]
        around = loaded.neighbourhood.around(starts, starts + lengths - 1)
        upstream = np.flatnonzero(around.upstream >= 0)
        genes = loaded.models.gene_of[around.upstream[upstream]]
        for gene in np.unique(genes).tolist():
            block.codes[first + rows[upstream[genes == gene]]] = len(block.entries)
            block.entries.append(self._cache.upstream(loaded.models.genes[gene]))
        return around, rows


def _around_columns(models: GeneModels, around: Around, rows: Numbers, size: int) -> dict[str, pa.Array]:
    def spread(values: Numbers) -> Numbers:
        whole = np.full(size, -1, np.int64)
        whole[rows] = values
        return whole

    def gene(transcripts: Numbers) -> pa.Array:
        numbers = models.gene_of[transcripts] if len(models) else transcripts
        return _coded(models.genes, spread(np.where(transcripts >= 0, numbers, -1)))

    def bases(distance: Numbers) -> pa.Array:
        whole = spread(distance)
        return pa.array(whole, mask=whole < 0)

    return {
        "upstream_distance": bases(around.upstream_distance),
        "gene_before": gene(around.before),
        "gene_before_distance": bases(around.before_distance),
        "gene_after": gene(around.after),
        "gene_after_distance": bases(around.after_distance),
    }


def _coded(names: Sequence[str], numbers: Numbers) -> pa.DictionaryArray:
    """Names by number as a dictionary of those that occur; -1 is null."""
    there, places = np.unique(numbers, return_inverse=True)
    if len(there) and there[0] < 0:
        there, places = there[1:], places - 1
    indices = pa.array(places.astype(np.int32), mask=places < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array([names[number] for number in there.tolist()], pa.string()))


def _info(columns: Mapping[str, pa.Array]) -> list[pa.Array]:
    """``;GAS_TRANSCRIPT=…;GAS_HGVSG=…`` of each record, without what it does not have, in pieces to be joined."""
    fields = {
        "GAS_HGVSG": columns["hgvs_g"],
        "GAS_HGVSC": columns["hgvs_c"],
        "GAS_HGVSP": pc.replace_substring(columns["hgvs_p"], "=", "%3D"),
        "GAS_DISTANCE": columns["upstream_distance"].cast(pa.string()),
    }
    return [
        _worded(columns["transcript"], ";GAS_TRANSCRIPT={}", ""),
        # Most blocks have nothing to say in some of these.
        *(_field(name, values) for name, values in fields.items() if values.null_count < len(values)),
        *_nearest(columns),
    ]


def _nearest(columns: Mapping[str, pa.Array]) -> list[pa.Array]:
    """``;GAS_NEAREST=A:12,B:7`` of each record outside transcripts, a dot for a side without genes."""
    before, after = columns["gene_before"], columns["gene_after"]
    lone = pc.and_(pc.is_null(before), pc.is_null(after))
    if lone.true_count == len(lone):
        return []
    pieces = []
    for genes, text, distance in (
        (before, ";GAS_NEAREST={}", columns["gene_before_distance"]),
        (after, ",{}", columns["gene_after_distance"]),
    ):
        none = pc.if_else(lone, "", text.format("."))
        pieces += [_worded(genes, text + ":", none), distance.cast(pa.string()).fill_null("")]
    return pieces


def _worded(words: pa.DictionaryArray, text: str, none: pa.Array | str) -> pa.Array:
    """A text with a column's words in it, made once a word; ``none`` stands where there is no word."""
    texts = pa.array([text.format(word) for word in words.dictionary.to_pylist()], pa.string())
    return texts.take(words.indices).fill_null(none)


def _field(name: str, values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(f";{name}="), values, "").fill_null("")
