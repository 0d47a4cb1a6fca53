from django.urls import path

from scheduler_ui.views import queue

urlpatterns = [
    path("queue/", queue.index, name="queue"),
    path("queue/confirm/", queue.confirm, name="queue_confirm"),
    path("queue/apply/", queue.apply, name="queue_apply"),
    path("queue/undo/", queue.undo, name="queue_undo"),
]
