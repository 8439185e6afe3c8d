"""The references that GAS knows how to get: a TOML file each, see docs/references.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.declarations import Declared, declared_sources, read_declarations, remote_files
from annotations.engine.install.golden import Golden
from annotations.engine.install.installer import About
from annotations.engine.install.remote import RemoteFile
from annotations.engine.install.toml_file import Table, TomlFile

CATALOGUE = Path(__file__).resolve().parents[2] / "references" / "catalogue"
_KEYS = ("name", "assembly", "title", "note", "citations", "rcrs", "sources", "codes", "aliases", "sequence", "genes")
_FILE_KEYS = ("url", "checksum", "bytes")


@dataclass(frozen=True)
class Catalogued:
    """What is to be had; ``rcrs`` names the contig whose bases must be rCRS's, "" when there is none."""

    name: str
    about: About
    codes: dict[str, int]
    rcrs: str
    sequence: RemoteFile
    genes: RemoteFile
    sources: tuple[Declared, ...]
    golden: tuple[Golden, ...]

    def chosen(self, optional: list[str]) -> list[Declared]:
        """The sources that always come and the optional ones of these names; ReferenceRefused for another name."""
        known = [one.request.name for one in self.sources if one.optional]
        for name in optional:
            if name not in known:
                raise ReferenceRefused(f"{self.name} has no optional source {name}. There is: {', '.join(known)}.")
        return [one for one in self.sources if not one.optional or one.request.name in optional]


def catalogued_names() -> list[str]:
    """The names of what the catalogue holds."""
    return sorted(path.stem for path in CATALOGUE.glob("*.toml"))


def find_catalogued(name: str) -> Catalogued:
    """What the catalogue says of ``name``, or what stands in the TOML file of this path.

    Raises ReferenceRefused with the line and the repair, or the names there are.
    """
    if name.endswith(".toml"):
        return read_catalogued(Path(name))
    if name not in catalogued_names():
        raise ReferenceRefused(
            f"The catalogue has no reference {name}. It has {', '.join(catalogued_names())}; any other is made of "
            "--name, --fasta and --gff."
        )
    return read_catalogued(CATALOGUE / f"{name}.toml")


def read_catalogued(path: Path) -> Catalogued:
    """Read one file of the catalogue. Raises ReferenceRefused with the line and the repair."""
    root = TomlFile(path).root()
    root.only([*_KEYS, "source", "golden"])
    sources = [one for name in root.texts("sources") for one in read_declarations(path.parent / name)]
    about = About(
        assembly=root.text("assembly", ""),
        title=root.text("title", ""),
        note=root.text("note", ""),
        citations=root.texts("citations"),
        aliases=_aliases(root.table("aliases")),
    )
    return Catalogued(
        name=root.text("name"),
        about=about,
        codes=_codes(root.table("codes")),
        rcrs=root.text("rcrs", ""),
        sequence=_file(root.table("sequence")),
        genes=_file(root.table("genes")),
        sources=(*sources, *declared_sources(root)),
        golden=tuple(_golden(table) for table in root.tables("golden")),
    )


def _aliases(table: Table) -> dict[str, tuple[str, ...]]:
    return {contig: table.texts(contig) for contig in table.values}


def _codes(table: Table) -> dict[str, int]:
    return {contig: int(table.get(contig, int)) for contig in table.values}


def _file(table: Table) -> RemoteFile:
    table.only(_FILE_KEYS)
    [file] = remote_files(table)
    return file


def _golden(table: Table) -> Golden:
    table.only(["contig", "position", "ref", "alt", "expect"])
    expected = table.mapping("expect")
    if not expected:
        raise table.refused("expect", "nothing is expected of this variant", 'Add expect = { GAS_GENE = "…" }')
    return Golden(table.text("contig"), table.get("position", int), table.text("ref"), table.text("alt"), expected)
