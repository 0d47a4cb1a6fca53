from django.urls import path

from scheduler_ui.views import resumes

urlpatterns = [
    path("accounts/<str:public_id>/resume/", resumes.resume_account, name="account_resume"),
    path("settings/pause/", resumes.pause_workspace, name="settings_pause"),
    path("settings/resume/", resumes.resume_workspace, name="settings_resume"),
    path("settings/publishing/resume/", resumes.resume_everything, name="settings_publishing_resume"),
]
