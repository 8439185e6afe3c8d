"""A website that is told to end: what is on its way in or out arrives whole."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.site import ROOT, Site
from bench.web_server import WEB
from tests.site.factories import HEADER, LHON
from tests.stack.processes import until
from tests.stack.stacks import Stack

MIB = 1024 * 1024
GRACE_SECONDS = 120
BOUNDARY = "a-boundary"


@contextmanager
def website(stack: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn alone, as a machine of the fleet does, with the settings of a stack."""
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", WEB]
    environment = {**stack.environment, "WEB_GRACE": f"{GRACE_SECONDS}s", "WEB_WORKERS": "1"}
    with stack.log.open("ab") as log:
        web = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        until(lambda: answers(stack), 60, "the website answers")
        yield web
    finally:
        if web.poll() is None:
            web.send_signal(signal.SIGQUIT)
            web.wait(30)


def answers(stack: Stack) -> bool:
    try:
        Site(stack.address, {}).get("/healthz")
    except OSError:
        return False
    return True


def is_ending(kept: http.client.HTTPConnection) -> bool:
    """Say whether the website closes a connection that it has kept so far: it has heard that it is to end."""
    kept.request("GET", "/healthz")
    answer = kept.getresponse()
    answer.read()
    return answer.will_close


def begin_download(stack: Stack, cookies: str, job: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask for a file and read its first bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    connection.request("GET", f"/annotations/{job}/download/input/", headers={"Cookie": cookies})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer, answer.read(MIB)


def begin_upload(stack: Stack, cookies: str, token: str, content: bytes) -> tuple[http.client.HTTPConnection, bytes]:
    """Send the first half of a form with a file; return the rest. More than the kernel keeps: somebody reads it."""
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"csrfmiddlewaretoken": token, "reference": "rCRS"}.items()
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="vcf_file"; filename="long.vcf"\r\n'
    body = f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content
    body += f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    connection.putrequest("POST", "/annotate/")
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    for name, value in {"Cookie": cookies, "Content-Type": kind, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[: len(body) // 2])
    return connection, body[len(body) // 2 :]


@pytest.fixture
def stack(prepared: Path, tmp_path: Path) -> Stack:
    """Give the settings of a stack with a prepared data directory, of which only the website will run."""
    shutil.copytree(prepared, tmp_path / "data")
    return Stack(tmp_path / "data")


def test_a_long_download_and_an_upload_survive_an_orderly_end(stack: Stack) -> None:
    stored = os.urandom(48 * MIB)
    padding = "".join(f"##note={os.urandom(30_000).hex()}\n" for _ in range(600))
    content = HEADER.replace("#CHROM", f"{padding}#CHROM").encode() + LHON.encode()
    with website(stack) as web:
        person = stack.person("owner")
        job = person.annotate(ROOT / "annotations" / "references" / "rCRS" / "example.vcf", "rCRS")
        # A file that takes long, in the place of the one that was sent.
        (stack.data_dir / "files" / stack.job(job)["input_key"]).write_bytes(stored)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies)
        token = next(cookie.value or "" for cookie in person.cookies if cookie.name == "csrftoken")
        answer, first = begin_download(stack, cookies, job)
        uploading, rest = begin_upload(stack, cookies, token, content)

        kept = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
        assert not is_ending(kept)
        web.send_signal(signal.SIGTERM)
        began = time.monotonic()
        until(lambda: is_ending(kept), 60, "it is ending")
        assert first + answer.read() == stored
        uploading.send(rest)
        landed = uploading.getresponse()
        assert landed.status == 302, landed.read().decode()[-6000:]
        assert landed.headers["Location"].startswith("/annotations/")
        assert web.wait(GRACE_SECONDS) == 0
        assert time.monotonic() - began < GRACE_SECONDS
    [ticket] = stack.rows("SELECT input_size, status FROM annotations_job WHERE file_name = 'long.vcf'")
    assert ticket == {"input_size": len(content), "status": "pending"}
