from django.urls import path

from scheduler_ui.views import record

urlpatterns = [path("on-time/", record.index, name="record")]
