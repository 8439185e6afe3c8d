"""URLs of jobs, below /annotations/."""

from django.urls import path

from annotations import views

app_name = "annotations"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("<uuid:job_id>/", views.detail, name="detail"),
    path("<uuid:job_id>/live/", views.live, name="live"),
    path("<uuid:job_id>/whereabouts/", views.whereabouts, name="whereabouts"),
    path("<uuid:job_id>/log/", views.log, name="log"),
    path("<uuid:job_id>/download/<slug:kind>/", views.download, name="download"),
    path("<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:job_id>/rerun/", views.rerun, name="rerun"),
    path("<uuid:job_id>/delete/", views.delete, name="delete"),
]
