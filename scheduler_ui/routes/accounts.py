from django.urls import path

from scheduler_ui.views import accounts, connections, rehearsals

urlpatterns = [
    path("accounts/", accounts.index, name="accounts"),
    path("accounts/connect/", connections.pick, name="accounts_connect"),
    path("accounts/connect/<slug:slug>/", connections.connect, name="accounts_connect_to"),
    path("accounts/<str:public_id>/", accounts.detail, name="account"),
    path("accounts/<str:public_id>/pause/", accounts.pause, name="account_pause"),
    path("accounts/<str:public_id>/sync/", accounts.sync_now, name="account_sync"),
    path("accounts/<str:public_id>/reconnect/", connections.reconnect, name="account_reconnect"),
    path("accounts/<str:public_id>/disconnect/", accounts.disconnect, name="account_disconnect"),
    path("accounts/<str:public_id>/publish-failed/", accounts.publish_failed, name="account_publish_failed"),
    path("accounts/<str:public_id>/blind/", accounts.choose_blind, name="account_blind"),
    path("accounts/<str:public_id>/brake/", accounts.set_brake, name="account_brake"),
    path("accounts/<str:public_id>/avatar/", accounts.avatar, name="account_avatar"),
    path("accounts/<str:public_id>/rehearsal/", rehearsals.log, name="rehearsal"),
    path("accounts/<str:public_id>/rehearsal/configure/", rehearsals.configure, name="rehearsal_configure"),
]
