from django.urls import path

from scheduler_ui.views import trash

urlpatterns = [
    path("trash/", trash.index, name="trash"),
    path("trash/<str:public_id>/restore/", trash.restore, name="post_restore"),
    path("trash/<str:public_id>/destroy/", trash.destroy, name="post_destroy"),
]
