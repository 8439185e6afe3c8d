"""A small mirror, true to form: the publishers' directories, their checksum files, and a server that can misbehave."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from annotations.engine.install.catalogue import CATALOGUE
from annotations.references.make_rcrs import ORIGINALS
from tests.conftest import need
from tests.engine import toy

ENSEMBL = "ftp.ensembl.org/pub/release-115"
FASTA = f"{ENSEMBL}/fasta/homo_sapiens/dna/Homo_sapiens.GRCh38.dna.primary_assembly.fa.gz"
GFF = f"{ENSEMBL}/gff3/homo_sapiens/Homo_sapiens.GRCh38.115.gff3.gz"
CLINVAR = "ftp.ncbi.nlm.nih.gov/pub/clinvar/vcf_GRCh38/clinvar.vcf.gz"
UCSC = "hgdownload.soe.ucsc.edu/goldenPath/hg38/database"
GNOMAD = "storage.googleapis.com/gcp-public-data--gnomad/release/4.1/vcf/exomes/gnomad.exomes.v4.1.sites.chr1.vcf.bgz"
MODIFIED = "Sun, 22 Nov 2026 10:00:00 GMT"


def _clinvar() -> str:
    header = (
        "##fileformat=VCFv4.1\n##fileDate=2026-11-15\n##source=ClinVar\n##reference=GRCh38\n"
        '##INFO=<ID=CLNDN,Number=.,Type=String,Description="ClinVar\'s preferred disease name">\n'
        '##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="ClinVar review status for the Variation ID">\n'
        '##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Clinical significance for this single variant">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    )
    return header + (
        "1\t12\t11\tT\tC\t.\t.\tCLNDN=Toy_syndrome|not_provided;CLNREVSTAT=reviewed_by_expert_panel;CLNSIG=Pathogenic\n"
        "MT\t11778\t9708\tG\tA\t.\t.\tCLNDN=Leber_optic_atrophy;"
        "CLNREVSTAT=criteria_provided,_multiple_submitters,_no_conflicts;CLNSIG=Pathogenic\n"
    )


def _gnomad() -> str:
    codes = ("afr", "amr", "asj", "eas", "fin", "mid", "nfe", "sas", "remaining", "grpmax")
    populations = ["AF", *(f"AF_{code}" for code in codes)]
    infos = "".join(
        f'##INFO=<ID={p},Number=A,Type=Float,Description="Alternate allele frequency">\n' for p in populations
    )
    return (
        f"##fileformat=VCFv4.2\n{infos}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "chr1\t12\t.\tT\tC\t.\tPASS\tAF=0.25;AF_afr=0.5\nchr1\t13\t.\tG\tA\t.\tAC0\tAF=0.1\n"
    )


def _ensembl_gff() -> str:
    """Chromosome 1 with the toy gene, MT with its thirty-seven, as Ensembl writes them."""
    mt = re.sub(r"^##gff-version.*\n", "", (ORIGINALS / "rCRS.gff3").read_text(), flags=re.M)
    chromosomes = (
        "1\tGRCh38\tchromosome\t1\t45\t.\t.\t.\tID=chromosome:1;Alias=CM000663.2,chr1,NC_000001.11\n"
        "KI270706.1\tGRCh38\tscaffold\t1\t20\t.\t.\t.\tID=scaffold:KI270706.1;Alias=chr1_KI270706v1_random,NT_187361.1\n"
        "1\t.\tbiological_region\t3\t9\t1.3e+03\t.\t.\texternal_name=oe %3D 0.79;logic_name=cpg\n###\n"
    )
    genes = "\n".join([toy.GENE, toy.TRANSCRIPT, toy.EXON, toy.CDS]).replace("chr1\t", "1\t")
    return f"##gff-version 3\n##sequence-region   1 1 45\n#!genome-build  GRCh38.p14\n{chromosomes}{genes}\n###\n{mt}"


def write_mirror(root: Path) -> dict[str, bytes]:
    """Write the mirror's files under ``root``; answers them by path."""
    rcrs = "".join((ORIGINALS / "rCRS.fa").read_text().splitlines()[1:])
    fasta = (
        f">1 dna:chromosome chromosome:GRCh38:1:1:45:1 REF\n{toy.CHR1}\n"
        f">MT dna:chromosome chromosome:GRCh38:MT:1:16569:1 REF\n{rcrs}\n"
        f">KI270706.1 dna:scaffold scaffold:GRCh38:KI270706.1:1:20:1 REF\n{toy.MT}\n"
    )
    segdups = "\t".join(["585", "chr1", "9", "30", "chr2:500", "0", "+", *["x"] * 19, "0.97", "0.96", "1", "1"])
    gwas = "\t".join(
        ["585", "chr1", "11", "12", "rs9", "1", "A B", "d", "J", "T", "Toy trait", *["x"] * 4, "rs9-C", *["x"] * 7]
    )
    texts = {
        FASTA: fasta,
        GFF: _ensembl_gff(),
        CLINVAR: _clinvar(),
        GNOMAD: _gnomad(),
        f"{UCSC}/cytoBand.txt.gz": "chr1\t0\t45\tp36.33\tgneg\nchrM\t0\t16569\t\tgneg\n",
        f"{UCSC}/genomicSuperDups.txt.gz": segdups + "\n",
        f"{UCSC}/gwasCatalog.txt.gz": gwas + "\n",
    }
    files = {path: gzip.compress(text.encode(), mtime=0) for path, text in texts.items()}
    program = need("sum")
    for path in (FASTA, GFF):
        summed = subprocess.run([program], input=files[path], capture_output=True, check=True).stdout.decode().split()
        other = "12345 678 README\n"
        files[f"{path.rsplit('/', 1)[0]}/CHECKSUMS"] = (
            f"{other}{summed[0]} {summed[1]} {path.rsplit('/', 1)[1]}\n".encode()
        )
    md5 = hashlib.md5(files[CLINVAR], usedforsecurity=False).hexdigest()
    files[f"{CLINVAR}.md5"] = f"{md5}  /panfs/traces01/clinvar/clinvar_20261115.vcf.gz\n".encode()
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return files


def write_catalogue(directory: Path, *, golden: str = "") -> Path:
    """The shipped GRCh38.toml with room, chromosomes and golden variants of a toy; answers its path."""
    for path in [CATALOGUE / "GRCh38.toml", *(CATALOGUE / "sources" / "GRCh38").glob("*.toml")]:
        text = re.sub(r"bytes = [\d_]+", "bytes = 1000", path.read_text())
        text = re.sub(r"chromosomes = \[.*\]", 'chromosomes = ["1"]', text)
        if path.name == "GRCh38.toml":
            mt = "[[golden]]" + text.split("[[golden]]")[-1]
            text = text.split("[[golden]]")[0] + mt + golden
        target = directory / path.relative_to(CATALOGUE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return directory / "GRCh38.toml"


@dataclass
class Mirror:
    """A server of the mirror's files; the sets say what it does wrong with which path."""

    files: dict[str, bytes]
    url: str = ""
    #: Path -> how many answers break off half way.
    cut: dict[str, int] = field(default_factory=dict)
    #: Path -> statuses it answers with, in turn, before it behaves.
    statuses: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    #: Path -> event that holds the second half back until it is set.
    held: dict[str, threading.Event] = field(default_factory=dict)
    #: Set when a half that is held back would be due.
    reached: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def asked_for(self, path: str) -> list[str]:
        """The Range headers of the requests for this path, "" for none."""
        return [asked_range for asked, asked_range in self.asked if asked == path]


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[Mirror]:
    """The mirror over HTTP on 127.0.0.1."""
    mirror = Mirror(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, mirror)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mirror.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        for event in mirror.held.values():
            event.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, mirror: Mirror) -> None:
    path, wanted = request.path.lstrip("/"), request.headers.get("Range", "")
    mirror.asked.append((path, wanted))
    content = mirror.files.get(path)
    status = mirror.statuses[path].pop(0) if mirror.statuses.get(path) else 200
    if content is None or status != 200:
        body = b"no"
        request.send_response(404 if content is None else status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
        return
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
    if request.headers.get("If-Range") != etag:
        start = 0
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.send_header("Content-Length", str(len(content) - start))
    request.send_header("ETag", etag)
    request.send_header("Last-Modified", MODIFIED)
    if "storage.googleapis.com" in path:
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        request.send_header("x-goog-hash", f"crc32c=AAAAAA==,md5={digest}")
    request.end_headers()
    half = (start + len(content)) // 2
    request.wfile.write(content[start:half])
    request.wfile.flush()
    if mirror.cut.get(path, 0) > 0:
        mirror.cut[path] -= 1
        request.close_connection = True
        return
    if path in mirror.held:
        mirror.reached.set()
        mirror.held[path].wait(60)
    request.wfile.write(content[half:])
