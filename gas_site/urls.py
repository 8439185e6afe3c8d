"""URLs of the whole site."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from annotations import direct_views, intake_views, source_views
from gas_site import views

# One way in: the site's own, with its rate limits and second factors.
admin.site.site_header = admin.site.site_title = f"{settings.SITE_NAME} staff"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", views.landing, name="landing"),
    path("annotate/", intake_views.annotate, name="annotate"),
    path("annotate/upload/", direct_views.uploads, name="uploads"),
    path("annotate/<uuid:job_id>/upload/", direct_views.resume, name="upload_resume"),
    path("annotate/<uuid:job_id>/upload/part/", direct_views.part, name="upload_part"),
    path("annotate/<uuid:job_id>/upload/<int:number>/", direct_views.content, name="upload_content"),
    path("annotate/<uuid:job_id>/upload/finish/", direct_views.finish, name="upload_finish"),
    path("annotate/<uuid:job_id>/", intake_views.confirm, name="confirm"),
    path("annotate/<uuid:job_id>/discard/", intake_views.discard, name="discard"),
    path("annotate/<uuid:job_id>/sources/", source_views.add, name="source_add"),
    path("annotate/<uuid:job_id>/sources/<int:source_id>/remove/", source_views.remove, name="source_remove"),
    path("annotations/", include("annotations.urls")),
    path("shared/<slug:token>/", include("annotations.sharing.shared_urls")),
    path("example/", include("annotations.example_urls")),
    path("sources/", intake_views.references_page, name="sources"),
    path("help/", views.help_page, name="help"),
    path("privacy/", TemplateView.as_view(template_name="privacy.html"), name="privacy"),
    path("theme/", views.theme, name="theme"),
    path("", include("billing.urls")),
    path("archive/", include("archive.urls")),
    path("profile/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]

handler400 = "gas_site.views.bad_request"
handler403 = "gas_site.views.permission_denied"
handler404 = "gas_site.views.not_found"
handler500 = "gas_site.views.server_error"
