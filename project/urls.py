from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    # One person, one e-mail: allauth's page for several has no place here.
    path("account/email/", RedirectView.as_view(pattern_name="settings")),
    path("account/", include("allauth.urls")),
    path("", include("scheduler_ui.urls")),
]
