"""NCBI's genetic codes (https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi) and the names of amino acids.

A code is written as its differences from the standard one. Codons that a code reads both as a stop and as an amino acid
(27, 28 and 31) are taken for the amino acid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

STOP = "*"
UNKNOWN = "X"
SELENOCYSTEINE = "U"
#: Codes of mitochondria whose transcripts end within a stop codon, which the poly(A) tail then completes.
_COMPLETED_BY_POLY_A = frozenset({2})
_STANDARD = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
_ATG = frozenset({"ATG"})
_VERTEBRATE_STARTS = frozenset({"ATG", "ATA", "ATT", "ATC", "GTG"})
_DIFFERENCES = {
    1: {},
    2: {"AGA": "*", "AGG": "*", "ATA": "M", "TGA": "W"},
    3: {"ATA": "M", "CTT": "T", "CTC": "T", "CTA": "T", "CTG": "T", "TGA": "W"},
    4: {"TGA": "W"},
    5: {"AGA": "S", "AGG": "S", "ATA": "M", "TGA": "W"},
    6: {"TAA": "Q", "TAG": "Q"},
    9: {"AAA": "N", "AGA": "S", "AGG": "S", "TGA": "W"},
    10: {"TGA": "C"},
    11: {},
    12: {"CTG": "S"},
    13: {"AGA": "G", "AGG": "G", "ATA": "M", "TGA": "W"},
    14: {"AAA": "N", "AGA": "S", "AGG": "S", "TAA": "Y", "TGA": "W"},
    15: {"TAG": "Q"},
    16: {"TAG": "L"},
    21: {"TGA": "W", "ATA": "M", "AGA": "S", "AGG": "S", "AAA": "N"},
    22: {"TCA": "*", "TAG": "L"},
    23: {"TTA": "*"},
    24: {"AGA": "S", "AGG": "K", "TGA": "W"},
    25: {"TGA": "G"},
    26: {"CTG": "A"},
    27: {"TAA": "Q", "TAG": "Q", "TGA": "W"},
    28: {"TAA": "Q", "TAG": "Q", "TGA": "W"},
    29: {"TAA": "Y", "TAG": "Y"},
    30: {"TAA": "E", "TAG": "E"},
    31: {"TGA": "W", "TAA": "E", "TAG": "E"},
    33: {"TAA": "Y", "TGA": "W", "AGA": "S", "AGG": "K"},
}
#: A base's place in TCAG, 4 for any other letter.
_DIGITS = np.full(256, 4, np.int64)
_DIGITS[np.frombuffer(b"TCAG", np.uint8)] = np.arange(4)
#: Starts besides ATG that count; for all other codes ATG alone does, as in csq and VEP.
_STARTS = {2: _VERTEBRATE_STARTS, 5: _VERTEBRATE_STARTS | {"TTG"}, 3: frozenset({"ATG", "ATA", "GTG"})}

THREE_LETTERS = {
    "A": "Ala",
    "R": "Arg",
    "N": "Asn",
    "D": "Asp",
    "C": "Cys",
    "Q": "Gln",
    "E": "Glu",
    "G": "Gly",
    "H": "His",
    "I": "Ile",
    "L": "Leu",
    "K": "Lys",
    "M": "Met",
    "F": "Phe",
    "P": "Pro",
    "S": "Ser",
    "T": "Thr",
    "W": "Trp",
    "Y": "Tyr",
    "V": "Val",
    SELENOCYSTEINE: "Sec",
    STOP: "Ter",
    UNKNOWN: "Xaa",
}


@dataclass(frozen=True)
class GeneticCode:
    """One of NCBI's tables: amino acids by codon in one letter, ``*`` for a stop."""

    number: int
    amino_acids: dict[str, str]
    starts: frozenset[str]
    completed_by_poly_a: bool

    @cached_property
    def letters(self) -> NDArray[np.uint8]:
        """The amino acids by the codon's number, and ``X`` for 64."""
        codons = ("".join(bases) for bases in product("TCAG", repeat=3))
        return np.frombuffer("".join([*map(self.amino_acids.__getitem__, codons), UNKNOWN]).encode(), np.uint8)

    def amino_acid(self, codon: str) -> str:
        """The codon's amino acid, ``X`` for one with an ambiguous base or less than three."""
        return self.amino_acids.get(codon, UNKNOWN)


@cache
def genetic_code(number: int) -> GeneticCode:
    """NCBI's table of this number; KeyError when there is none."""
    codons = ("".join(bases) for bases in product("TCAG", repeat=3))
    amino_acids = dict(zip(codons, _STANDARD, strict=True)) | _DIFFERENCES[number]
    return GeneticCode(number, amino_acids, _STARTS.get(number, _ATG), number in _COMPLETED_BY_POLY_A)


def translate(bases: str, code: GeneticCode) -> str:
    """The amino acids of all whole codons in one letter, past stops as well.

    >>> translate("ATGTGATT", genetic_code(2))
    'MW'
    """
    letters = _DIGITS[np.frombuffer(bases.encode("latin-1"), np.uint8)[: len(bases) // 3 * 3]].reshape(-1, 3)
    ambiguous = (letters > 3).any(axis=1)
    codons = np.where(ambiguous, 64, letters[:, 0] * 16 + letters[:, 1] * 4 + letters[:, 2])
    return code.letters[codons].tobytes().decode("latin-1")


def three_letters(residues: str) -> str:
    """Residues in three-letter code.

    >>> three_letters("MW*")
    'MetTrpTer'
    """
    return "".join(THREE_LETTERS[residue] for residue in residues)
