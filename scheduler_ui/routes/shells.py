from django.urls import path

from scheduler_ui.views import shells

urlpatterns = [
    path("shell/", shells.show, name="shell"),
    path("workspaces/<str:public_id>/open/", shells.open_workspace, name="workspace_open"),
]
