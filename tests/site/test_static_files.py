"""Static files: names that carry a hash, also inside the scripts, and how long a browser may keep each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import Settings
from whitenoise.middleware import WhiteNoiseMiddleware

from gas_site import settings as site_settings
from gas_site.static_files import collect_static_files

FILES_OF_THE_SITE = "django.contrib.staticfiles.finders.FileSystemFinder"
YEAR_SECONDS = 365 * 24 * 3600
IMPORT = re.compile(r"""\bfrom\s+["'](?:\./)?([^"']+)["']""")


def as_deployed(directory: Path) -> override_settings:
    """The storage that the settings name; other tests have a plain one."""
    return override_settings(STATIC_ROOT=directory, STORAGES=site_settings.STORAGES)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("static")
    with as_deployed(directory):
        collect_static_files()
    return directory


def names(collected: Path) -> dict[str, str]:
    paths: dict[str, str] = json.loads((collected / "staticfiles.json").read_text())["paths"]
    return paths


def test_a_script_imports_another_by_the_name_that_changes_with_its_content(collected: Path) -> None:
    intake = (collected / names(collected)["js/intake.js"]).read_text()

    assert Path(names(collected)["js/carried_file.js"]).name in IMPORT.findall(intake)


def test_every_import_of_our_scripts_leads_to_a_file(collected: Path) -> None:
    scripts = [collected / name for plain, name in names(collected).items() if plain.startswith("js/")]
    imported = [(script.parent / name) for script in scripts for name in IMPORT.findall(script.read_text())]

    assert len(scripts) == len(list(Path("static/js").glob("*.js")))
    assert imported
    assert all(path.is_file() for path in imported)


@pytest.mark.parametrize(("hashed", "seconds"), [(True, 10 * YEAR_SECONDS), (False, 60)])
def test_only_a_name_with_a_hash_is_kept_for_long(collected: Path, hashed: bool, seconds: int) -> None:
    with as_deployed(collected):
        whitenoise = WhiteNoiseMiddleware(lambda request: None)
        name = names(collected)["js/carry.js"] if hashed else "js/carry.js"

        headers = dict(whitenoise.files[f"/static/{name}"].get_response("GET", {}).headers)

    assert f"max-age={seconds}," in headers["Cache-Control"]
    assert ("immutable" in headers["Cache-Control"]) is hashed


def changes(directory: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in directory.rglob("*")}


def test_what_an_image_brings_is_left_alone(collected: Path) -> None:
    before = changes(collected)
    with as_deployed(collected):
        collect_static_files()

    assert changes(collected) == before


def test_files_of_another_version_are_made_again(tmp_path: Path, settings: Settings) -> None:
    sources, root = tmp_path / "sources", tmp_path / "root"
    sources.mkdir()
    (sources / "one.css").write_text("a { color: red }")
    settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS = [sources], [FILES_OF_THE_SITE]
    with as_deployed(root):
        collect_static_files()
        (sources / "one.css").write_text("a { color: blue }")
        collect_static_files()

    assert "blue" in (root / names(root)["one.css"]).read_text()


def test_a_collection_that_was_broken_off_is_made_again(tmp_path: Path, settings: Settings) -> None:
    sources, root = tmp_path / "sources", tmp_path / "root"
    sources.mkdir()
    (sources / "one.css").write_text("a { background: url(absent.png) }")
    settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS = [sources], [FILES_OF_THE_SITE]
    with as_deployed(root):
        for _ in range(2):
            with pytest.raises(ValueError, match=r"absent\.png"):
                collect_static_files()
