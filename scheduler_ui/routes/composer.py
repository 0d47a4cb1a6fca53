from django.urls import path

from scheduler_ui.views import composer, media

urlpatterns = [
    path("posts/new/", composer.new, name="post_new"),
    path("posts/compose/preview/", composer.preview, name="composer_preview"),
    path("posts/compose/autosave/", composer.autosave, name="composer_autosave"),
    path("posts/compose/restore/", composer.restore, name="composer_restore"),
    path("posts/compose/discard/", composer.discard, name="composer_discard"),
    path("posts/<str:public_id>/edit/", composer.edit, name="post_edit"),
    # Before `media/<public_id>/`, which would take "upload" for a name.
    path("media/upload/", media.upload, name="media_upload"),
    path("media/<str:public_id>/discard/", media.discard, name="media_discard"),
]
