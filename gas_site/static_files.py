"""How style sheets, scripts and pictures are stored and named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it comes without types
    """Each file under a name that carries its content's hash, which browsers may keep for ever.

    Django leaves the names in a script's ``import`` as they are unless it is asked. A script would then take another
    under its plain name, with whatever age the browser's copy of that has: half an old release and half a new one.
    """

    support_js_module_import_aggregation = True

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[re.Match[str]], str]:
        """Return what writes hashed names into the file ``name``.

        Scripts of others stay as they are: none is a module, and htmx names, in a comment, a file that it does not
        bring along, which would end ``collectstatic``.
        """
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: match["matched"]
        converter: Callable[[re.Match[str]], str] = super().url_converter(name, *args, **kwargs)
        return converter
