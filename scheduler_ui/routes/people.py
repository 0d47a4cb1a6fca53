from django.urls import path

from scheduler_ui.views import people, setup

urlpatterns = [
    path("setup/<str:token>/", setup.set_up, name="setup"),
    path("join/<str:token>/", people.join, name="join"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invites/<str:public_id>/revoke/", people.revoke, name="invite_revoke"),
    path("people/<str:public_id>/", people.change, name="person_change"),
]
