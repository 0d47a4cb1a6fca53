from django.urls import path

from scheduler_ui.views import notices

urlpatterns = [
    path("notices/", notices.index, name="notices"),
    path("notices/read/", notices.read, name="notices_read"),
    path("notices/<str:public_id>/", notices.follow, name="notice"),
]
