"""URLs of jobs, below /annotations/."""

from django.urls import path

from annotations import views
from annotations.browsing import views as browsing
from annotations.comparing import views as comparing
from annotations.explorer import views as explorer
from annotations.exports import views as exports
from annotations.sharing import views as sharing

app_name = "annotations"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("<uuid:job_id>/", views.detail, name="detail"),
    path("<uuid:job_id>/live/", views.live, name="live"),
    path("<uuid:job_id>/whereabouts/", views.whereabouts, name="whereabouts"),
    path("<uuid:job_id>/figures/<slug:name>.<slug:kind>", views.figure, name="figure"),
    path("<uuid:job_id>/log/", views.log, name="log"),
    path("<uuid:job_id>/download/<slug:kind>/", views.download, name="download"),
    path("<uuid:job_id>/variants/", explorer.variants, name="variants"),
    path("<uuid:job_id>/variants/track.<slug:kind>", explorer.track, name="track"),
    path("<uuid:job_id>/variants/counts/", explorer.variant_counts, name="variant_counts"),
    path("<uuid:job_id>/variants/columns/", explorer.choose_columns, name="variant_columns"),
    path("<uuid:job_id>/variants/filters/", explorer.save_filter, name="save_filter"),
    path("<uuid:job_id>/variants/filters/<int:saved>/remove/", explorer.remove_filter, name="remove_filter"),
    path("<uuid:job_id>/variants/<int:row>/", explorer.variant, name="variant"),
    path("<uuid:job_id>/variants/<int:row>/note/", explorer.write_note, name="write_note"),
    path("<uuid:job_id>/export/", exports.exports, name="exports"),
    path("<uuid:job_id>/export/made/", exports.made_exports, name="made_exports"),
    path("<uuid:job_id>/export/made/<uuid:export_id>/", exports.download_export, name="download_export"),
    path("<uuid:job_id>/export/<slug:name>/", exports.export, name="export"),
    path("<uuid:job_id>/export/<slug:name>/order/", exports.order_export, name="order_export"),
    path("<uuid:job_id>/compare/", comparing.choose, name="compare_with"),
    path("<uuid:job_id>/compare/<uuid:other_id>/", comparing.compare, name="compare"),
    path("<uuid:job_id>/compare/<uuid:other_id>/tsv/", comparing.compare_tsv, name="compare_tsv"),
    path("<uuid:job_id>/browser/", browsing.browser, name="browser"),
    path("<uuid:job_id>/browser/records/<slug:kind>/", browsing.records, name="records"),
    path("<uuid:job_id>/browser/<slug:kind>/", browsing.reference_file, name="reference_file"),
    path("<uuid:job_id>/share/", sharing.shares, name="shares"),
    path("<uuid:job_id>/share/<int:link>/revoke/", sharing.revoke, name="revoke_link"),
    path("<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:job_id>/rerun/", views.rerun, name="rerun"),
    path("<uuid:job_id>/delete/", views.delete, name="delete"),
]
