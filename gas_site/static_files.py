"""How style sheets, scripts and pictures are stored and named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# In STATIC_ROOT: of what its files were made. Written when they are all there.
STAMP = "made-of.sha256"


def collect_static_files() -> None:
    """Fill STATIC_ROOT, unless it was made of the very same files: hashing and compressing takes seconds.

    In a fleet the files come with the image, whose root is read-only.
    """
    stamp = Path(settings.STATIC_ROOT) / STAMP
    ignored = apps.get_app_config("staticfiles").ignore_patterns  # type: ignore[attr-defined]  # an AppConfig's own
    found = {path: (place, path) for finder in get_finders() for path, place in finder.list(ignored)}
    if stamp.is_file() and stamp.read_text() == _fingerprint(found):
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)


def _fingerprint(files: dict[str, tuple[Any, str]]) -> str:
    """Return a checksum of the files' names and contents, and of who makes hashed and compressed ones of them."""
    total = hashlib.sha256(f"{version('django')} {version('whitenoise')} {Path(__file__).read_text()}".encode())
    for name, (place, path) in sorted(files.items()):
        with place.open(path) as file:
            total.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\0".encode())
    return total.hexdigest()


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it comes without types
    """Each file under a name that carries its content's hash, which browsers may keep for ever.

    Django leaves the names in a script's ``import`` as they are unless it is asked. A script would then take another
    under its plain name, with whatever age the browser's copy of that has: half an old release and half a new one.
    """

    support_js_module_import_aggregation = True

    def create_compressor(self, **options: Any) -> Compressor:
        """Compress with gzip alone, also where something has installed brotli: that takes ten times as long."""
        return Compressor(use_brotli=False, **options)

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[re.Match[str]], str]:
        """Return what writes hashed names into the file ``name``.

        Scripts of others stay as they are: none is a module, and htmx names, in a comment, a file that it does not
        bring along, which would end ``collectstatic``.
        """
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: match["matched"]
        converter: Callable[[re.Match[str]], str] = super().url_converter(name, *args, **kwargs)
        return converter

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Hash and compress, and at last note of what."""
        sources = dict(paths)
        yield from super().post_process(paths, dry_run, **options)
        if not dry_run:
            (Path(self.location) / STAMP).write_text(_fingerprint(sources))
