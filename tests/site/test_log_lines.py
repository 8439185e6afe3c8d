"""How a line of the log looks: for a person or for a machine, with the request and the job, without anybody's data."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from gas_site.log_context import about_job

JOB = UUID("00000000-0000-4000-8000-000000000001")
LOGGING: dict[str, Any] = settings.LOGGING
SECRET = "chrM:11778 G>A of patient-jane-doe.vcf"
REQUEST = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines() -> Iterator[Callable[[str], io.StringIO]]:
    """Give a function that sends the root logger's lines to a text, in a format of the settings."""
    handlers: list[logging.Handler] = []

    def catch(name: str) -> io.StringIO:
        text = io.StringIO()
        config: dict[str, Any] = {**LOGGING, "root": {"handlers": ["caught"], "level": "INFO"}, "loggers": {}}
        config["handlers"] = {"caught": {**LOGGING["handlers"]["stderr"], "formatter": name, "stream": text}}
        kept = logging.root.handlers[:], logging.root.level
        logging.config.dictConfig(config)
        handlers.append(logging.root.handlers[-1])
        logging.root.handlers[:], logging.root.level = [*kept[0], handlers[-1]], logging.INFO
        return text

    yield catch
    for handler in handlers:
        logging.root.removeHandler(handler)
    logging.root.setLevel(LOGGING["root"]["level"])


def test_a_json_line_bears_the_job(lines: Callable[[str], io.StringIO]) -> None:
    text = lines("json")
    with about_job(JOB):
        logging.getLogger("annotations.running").warning("handed back: %s", "worker shut down")
    line = json.loads(text.getvalue())
    assert line.pop("time")
    assert line == {
        "level": "WARNING",
        "logger": "annotations.running",
        "message": "handed back: worker shut down",
        "request_id": None,
        "job_id": str(JOB),
    }


def test_a_json_line_bears_the_request_which_the_answer_names_too(
    client: Client, lines: Callable[[str], io.StringIO]
) -> None:
    text = lines("json")
    answer = client.get("/nowhere/", headers={"X-Request-ID": REQUEST})
    assert answer["X-Request-ID"] == REQUEST
    (line,) = [json.loads(line) for line in text.getvalue().splitlines()]
    assert (line["message"], line["request_id"], line["job_id"]) == ("Not Found: /nowhere/", REQUEST, None)


def test_a_request_id_that_is_none_is_not_taken_over(client: Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "<script>\n"})
    assert UUID(answer["X-Request-ID"])


def test_a_persons_line_names_the_job_once(lines: Callable[[str], io.StringIO]) -> None:
    text = lines("line")
    with about_job(JOB):
        logging.getLogger("archive.tending").warning("put off")
        logging.getLogger("annotations.running").warning("job %s failed", JOB)
    first, second = text.getvalue().splitlines()
    assert first.endswith(f"WARNING archive.tending: put off [job {JOB}]")
    assert second.endswith(f"WARNING annotations.running: job {JOB} failed")


@pytest.mark.parametrize("form", ["line", "json"])
def test_the_message_of_an_error_stays_out_and_its_kind_and_place_stay(
    form: str, lines: Callable[[str], io.StringIO]
) -> None:
    text = lines(form)
    try:
        try:
            Path(f"/nowhere/{SECRET}").read_text()
        except OSError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        logging.getLogger("archive.tending").exception("put off")
    said = text.getvalue()
    assert SECRET not in said
    assert "builtins.ValueError" in said
    assert "builtins.FileNotFoundError" in said
    assert "test_log_lines.py" in said
