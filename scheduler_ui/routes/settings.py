from django.urls import path

from scheduler_ui.views import settings, zones

urlpatterns = [
    path("settings/", settings.show, name="settings"),
    path("settings/look/", settings.save_look, name="settings_look"),
    path("settings/name/", settings.save_name, name="settings_name"),
    path("settings/mail/", settings.save_mail, name="settings_mail"),
    path("settings/mail/test/", settings.send_test_mail, name="settings_test_mail"),
    path("settings/workspace/", settings.save_workspace, name="settings_workspace"),
    path("settings/publishing/", settings.switch_publishing, name="settings_publishing"),
    path("settings/zone/", zones.change, name="zone_change"),
    path("settings/zone/ask/", zones.ask, name="zone_ask"),
    path("settings/zone/keep/", zones.keep, name="zone_keep"),
]
