"""The WSGI application that gunicorn serves."""

import os
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application

from gas_site.request_body import swift

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")

_django = get_wsgi_application()
# All pages, with what they load: once, before gunicorn's processes part, and not in each with its first request.
import_module("gas_site.urls")


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer a request, its body read without detours."""
    environ["wsgi.input"] = swift(environ["wsgi.input"])
    return _django(environ, start_response)
