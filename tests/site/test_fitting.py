"""A file that contradicts the chosen reference is shown with the one it fits, to be run with one click."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from annotations.engine.install.installer import install_reference
from annotations.models import Job, JobStatus
from tests.engine import toy
from tests.site.factories import HEADER, SMALL_VCF

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
#: On the toy genome's chr1, and on an MT of 20 bases, which rCRS's is not.
OF_TOY = (
    "##fileformat=VCFv4.2\n##contig=<ID=MT,length=20>\n"
    + COLUMNS
    + "chr1\t12\t.\tT\tG\t.\t.\t.\nMT\t3\t.\tC\tT\t.\t.\t.\n"
)


@pytest.fixture
def with_toy(settings: Settings, tmp_path: Path) -> None:
    fasta, gff = toy.write(tmp_path, "toy.fa", toy.FASTA), toy.write(tmp_path, "toy.gff3", toy.GFF)
    install_reference("TOY", fasta, gff, codes={"MT": 2}, directory=tmp_path / "references")
    settings.REFERENCE_DIRS = [*settings.REFERENCE_DIRS, tmp_path / "references"]


def post(client: Client, content: str | bytes, reference: str, *, check: bool = True) -> tuple[int, str]:
    data = content if isinstance(content, bytes) else content.encode()
    form = {
        "reference": reference,
        "vcf_file": SimpleUploadedFile("patient.vcf", data),
        **({"check": "1"} if check else {}),
    }
    response = client.post(reverse("annotate"), form, headers=HTMX)
    return response.status_code, " ".join(response.content.decode().split())


@pytest.mark.usefixtures("with_toy")
@pytest.mark.parametrize("check", [True, False])
def test_a_file_of_another_installed_reference_is_offered_with_that_one(
    alices: Client, alice: User, *, check: bool
) -> None:
    status, page = post(alices, OF_TOY, "rCRS", check=check)
    assert status == 200
    assert "This file belongs to TOY, not to rCRS" in page
    job = Job.objects.get(user=alice)
    assert (job.status, job.reference, job.verdict["reference"]) == (JobStatus.UPLOADING, "TOY", "TOY")
    assert 'value="TOY" checked' in page
    alices.post(reverse("confirm", args=[job.pk]), {"reference": "TOY"})
    job.refresh_from_db()
    assert (job.status, job.reference) == (JobStatus.PENDING, "TOY")


@pytest.mark.usefixtures("with_toy")
def test_rcrs_is_offered_for_its_own_variants_and_a_right_choice_is_left_alone(alices: Client, alice: User) -> None:
    assert "This file belongs to rCRS, not to TOY" in post(alices, SMALL_VCF, "TOY")[1]
    assert "This file belongs" not in post(alices, SMALL_VCF, "rCRS")[1]
    assert {job.reference for job in Job.objects.filter(user=alice)} == {"rCRS"}


def test_an_assembly_that_is_not_installed_is_named(alices: Client, alice: User) -> None:
    wrong = "".join(f"MT\t{pos}\t.\t{'A' if pos % 2 else 'T'}\tC\t.\t.\t.\n" for pos in range(3000, 3040))
    status, page = post(alices, HEADER.replace("#CHROM", "##reference=file:///data/hg18.fa\n#CHROM") + wrong, "rCRS")
    assert status == 422
    assert "These look like NCBI36 (hg18) coordinates. No reference installed here fits." in page
    assert not Job.objects.filter(user=alice).exists()
    lengths = "##fileformat=VCFv4.2\n##contig=<ID=1,length=248387328>\n" + COLUMNS + "1\t100\t.\tA\tC\t.\t.\t.\n"
    assert "The header says T2T-CHM13v2.0." in post(alices, lengths, "rCRS")[1]
