"""URLs of cold storage: where Amazon tells of retrievals."""

from django.urls import path

from archive.notices.endpoint import notices

urlpatterns = [path("notices/", notices, name="archive_notices")]
