"""URLs of the profile, below /profile/."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.profile, name="profile"),
    path("export/", views.download, name="export"),
    path("sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("close/", views.close, name="close_account"),
]
