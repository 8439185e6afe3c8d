"""Each environment variable is read strictly; what it cannot be used for is said with its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gas_site import environment, setting_urls
from gas_site.environment import BadSetting
from gas_site.sqs_address import Timing, parse_address

HERE = Path("/srv/gas")


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2 h", timedelta(hours=2)),
        ("7D", timedelta(days=7)),
        ("1.5h", timedelta(minutes=90)),
        ("", timedelta(minutes=5)),
    ],
)
def test_a_length_of_time_has_a_unit(monkeypatch: pytest.MonkeyPatch, value: str, length: timedelta) -> None:
    monkeypatch.setenv("FREE_RETENTION", value)
    assert environment.duration("FREE_RETENTION", "5m") == length


@pytest.mark.parametrize("value", ["5", "five minutes", "-5m", "5m30s", "5y", "m", "99999999999d", "1e3s"])
def test_a_length_of_time_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FREE_RETENTION", value)
    with pytest.raises(BadSetting, match=r"FREE_RETENTION='.*' cannot be used. It takes a length of time such as 30s"):
        environment.duration("FREE_RETENTION", "5m")


def test_a_length_of_time_below_the_least_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASE", "0s")
    with pytest.raises(BadSetting, match=r"LEASE='0s' cannot be used. It takes .* 7d, 2s or more\."):
        environment.duration("LEASE", "60s", least=timedelta(seconds=2))


@pytest.mark.parametrize(
    ("value", "size"),
    [("150KB", 153_600), ("2mb", 2_097_152), ("5 GB", 5_368_709_120), ("100", 100), ("0.5kb", 512), ("7b", 7)],
)
def test_a_size_has_a_unit_or_is_in_bytes(monkeypatch: pytest.MonkeyPatch, value: str, size: int) -> None:
    monkeypatch.setenv("FREE_MAX_BYTES", value)
    assert environment.size("FREE_MAX_BYTES", "150KB") == size


@pytest.mark.parametrize("value", ["150 kilo", "-1", "many", "1TB", "99999999999GB", "9" * 400, "1,5MB"])
def test_a_size_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FREE_MAX_BYTES", value)
    with pytest.raises(BadSetting, match=r"FREE_MAX_BYTES=.* It takes a size such as 150KB, 2MB or 5GB"):
        environment.size("FREE_MAX_BYTES", "150KB")


@pytest.mark.parametrize("value", ["0", "65536", "eighty", "80.5", "-1"])
def test_a_port_outside_its_range_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(BadSetting, match=r"PORT=.* It takes a whole number from 1 to 65535"):
        environment.integer("PORT", 8000, least=1, most=65_535)


def test_a_number_without_an_upper_end_says_only_its_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATE_THREADS", "0")
    with pytest.raises(BadSetting, match=r"It takes a whole number, 1 or more\."):
        environment.integer("ANNOTATE_THREADS", 2, least=1)


@pytest.mark.parametrize(
    ("value", "meaning"), [("yes", True), ("TRUE", True), ("1", True), ("off", False), ("", False)]
)
def test_a_switch_is_read_from_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str, *, meaning: bool) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert environment.flag("DEBUG", default=False) is meaning


def test_a_switch_with_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(BadSetting, match=r"DEBUG='maybe' cannot be used. It takes yes or no\."):
        environment.flag("DEBUG", default=False)


def test_a_choice_outside_the_list_is_refused_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "verbose")
    with pytest.raises(BadSetting, match=r"LOG_LEVEL='verbose' cannot be used. It takes one of DEBUG, INFO\."):
        environment.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO"])


def test_a_list_of_words_leaves_empty_entries_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " gas.example.org, ,localhost,")
    assert environment.words("ALLOWED_HOSTS", "") == ["gas.example.org", "localhost"]


def test_the_database_is_sqlite_under_the_data_directory_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = setting_urls.database(HERE)
    assert config["NAME"] == "/srv/gas/gas.sqlite3"
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert config["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in config["OPTIONS"]["init_command"]


def test_the_database_may_be_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://gas:s%40cret@db.example.org:6432/variants")
    config = setting_urls.database(HERE)
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db.example.org", 6432, "variants")
    assert (config["USER"], config["PASSWORD"]) == ("gas", "s@cret")
    assert config["OPTIONS"] == {"pool": {"min_size": 1, "max_size": 10, "timeout": 10}}
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (0, True)


def test_the_pool_of_a_process_has_a_connection_for_each_job_and_may_be_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://gas@db.example.org/variants")
    monkeypatch.setenv("ANNOTATE_THREADS", "16")
    assert setting_urls.database(HERE)["OPTIONS"]["pool"]["max_size"] == 17
    monkeypatch.setenv("DATABASE_POOL", "4")
    assert setting_urls.database(HERE)["OPTIONS"]["pool"]["max_size"] == 4
    monkeypatch.setenv("DATABASE_POOL", "0")
    config = setting_urls.database(HERE)
    assert "pool" not in config.get("OPTIONS", {})
    assert config["CONN_MAX_AGE"] == 60


Reader = Callable[[Path], object]


@pytest.mark.parametrize(
    ("name", "read", "value"),
    [
        ("DATABASE_URL", setting_urls.database, "mysql://root@localhost/gas"),
        ("DATABASE_URL", setting_urls.database, "gas.sqlite3"),
        ("DATABASE_URL", setting_urls.database, "postgres://host:port/gas"),
        ("DATABASE_URL", setting_urls.database, "postgres://[broken/gas"),
        ("STORAGE_URL", setting_urls.storage, "s3://bucket"),
        ("STORAGE_URL", setting_urls.storage, "s3://bucket/../up"),
        ("STORAGE_URL", setting_urls.storage, "s3://Bucket_/files"),
        ("STORAGE_URL", setting_urls.storage, "s3://bucket/files?acl=public-read"),
        ("STORAGE_URL", setting_urls.storage, "file:"),
        ("STORAGE_URL", setting_urls.storage, "/var/files"),
        ("QUEUE_URL", setting_urls.queue_url, "amqp://localhost"),
        ("QUEUE_URL", setting_urls.queue_url, "redis://"),
        ("QUEUE_URL", setting_urls.queue_url, "redis+embedded://"),
        ("QUEUE_URL", setting_urls.queue_url, "localhost:6379"),
        ("QUEUE_URL", setting_urls.queue_url, "redis://localhost:six"),
        ("QUEUE_URL", setting_urls.queue_url, "redis://[broken"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://ireland/gas"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1/two words"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1/gas?colour=blue"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1/gas?wait=21s"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1/gas?visibility=13h"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://eu-west-1/gas?visibility=60s&beat=30s"),
        ("EMAIL_URL", setting_urls.email, "smtp://"),
        ("EMAIL_URL", setting_urls.email, "file:"),
        ("EMAIL_URL", setting_urls.email, "smtp://mail.example.org:post"),
        ("EMAIL_URL", setting_urls.email, "smtp://[broken"),
        ("EMAIL_URL", setting_urls.email, "sendmail"),
        ("SITE_URL", lambda _: setting_urls.site_url(8000), "gas.example.org"),
        ("SITE_URL", lambda _: setting_urls.site_url(8000), "ftp://gas.example.org"),
        ("SITE_URL", lambda _: setting_urls.site_url(8000), "https://"),
        ("SITE_URL", lambda _: setting_urls.site_url(8000), "https://gas.example.org:https"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, read: Reader, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"^{name}=.* It takes "):
        read(HERE)


@pytest.mark.parametrize(
    ("name", "read", "value"),
    [
        ("DATABASE_URL", setting_urls.database, "mysql://gas:hunter2@localhost/gas"),
        ("DATABASE_URL", setting_urls.database, "postgres://gas:hunter2@host:x/gas"),
        ("DATABASE_URL", setting_urls.database, "postgres://gas:hun/ter2@host/gas"),
        ("DATABASE_URL", setting_urls.database, "postgres://gas:hunter2@[host/gas"),
        ("QUEUE_URL", setting_urls.queue_url, "rediss://:hunter2@host:x"),
        ("QUEUE_URL", setting_urls.queue_url, "sqs://key:hunter2@eu-west-1/gas"),
        ("EMAIL_URL", setting_urls.email, "smtp://gas:hunter2@host:x"),
        ("STORAGE_URL", setting_urls.storage, "s3://key:hunter2@bucket"),
    ],
)
def test_a_password_in_a_refused_url_stays_unread(
    monkeypatch: pytest.MonkeyPatch, name: str, read: Reader, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as caught:
        read(HERE)
    assert "ter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_mail_goes_to_files_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_URL")
    assert setting_urls.email(HERE) == {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": "/srv/gas/mail",
    }


@pytest.mark.parametrize(
    ("value", "port", "implicit", "starttls"),
    [
        ("smtp://gas:p%3Aw@mail.example.org", 587, False, True),
        ("smtps://gas:p%3Aw@mail.example.org", 465, True, False),
        ("smtp://gas:p%3Aw@mail.example.org:2525", 2525, False, True),
    ],
)
def test_mail_over_smtp_is_encrypted_where_a_password_is_sent(
    monkeypatch: pytest.MonkeyPatch, value: str, port: int, *, implicit: bool, starttls: bool
) -> None:
    monkeypatch.setenv("EMAIL_URL", value)
    config = setting_urls.email(HERE)
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"]) == ("mail.example.org", port)
    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("gas", "p:w")
    assert (config["EMAIL_USE_SSL"], config["EMAIL_USE_TLS"]) == (implicit, starttls)


def test_the_queue_is_embedded_unless_a_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUEUE_URL", raising=False)
    assert setting_urls.queue_directory(HERE) == Path("/srv/gas/queue")
    monkeypatch.setenv("QUEUE_URL", "redis://cache.example.org:6379/2")
    assert setting_urls.queue_directory(HERE) is None
    assert setting_urls.queue_url(HERE) == "redis://cache.example.org:6379/2"


def test_a_queue_on_sqs_has_a_region_and_a_namespace_and_the_timing_of_the_design(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUEUE_URL", "sqs://eu-west-1/gas")
    assert setting_urls.queue_directory(HERE) is None
    address = parse_address(setting_urls.queue_url(HERE))
    assert (address.region, address.namespace) == ("eu-west-1", "gas")
    assert address.timing == Timing(visibility=120, beat=30, wait=20)
    assert parse_address("sqs://us-gov-west-1/gas-2?visibility=10m&beat=1m&wait=5s").timing == Timing(600, 60, 5)


def test_the_sites_own_address_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://gas.example.org/")
    assert setting_urls.site_url(8000) == "https://gas.example.org"
    monkeypatch.delenv("SITE_URL")
    assert setting_urls.site_url(8123) == "http://127.0.0.1:8123"
    assert setting_urls.host_of("http://[::1]:8000") == "[::1]"


def test_the_databases_password_may_come_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://gas@db.example.org:5432/gas")
    monkeypatch.setenv("DATABASE_PASSWORD", "p@ss/word#1")
    found = setting_urls.database(HERE)
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("gas", "p@ss/word#1", "db.example.org")
