from django.urls import path

from scheduler_ui.views import restores

urlpatterns = [path("settings/restored/", restores.show, name="settings_restored")]
