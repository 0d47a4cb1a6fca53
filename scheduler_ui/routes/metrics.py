from django.urls import path

from scheduler_ui.views import metrics

urlpatterns = [path("metrics", metrics.show, name="metrics")]
