from django.urls import path

from scheduler_ui.views import posts

urlpatterns = [
    path("posts/<str:public_id>/", posts.detail, name="post"),
    path("posts/<str:public_id>/now/", posts.publish_now, name="post_now"),
    path("posts/<str:public_id>/reschedule/", posts.reschedule, name="post_reschedule"),
    path("posts/<str:public_id>/cancel/", posts.cancel, name="post_cancel"),
    path("posts/<str:public_id>/duplicate/", posts.duplicate, name="post_duplicate"),
    path("posts/<str:public_id>/delete/", posts.delete, name="post_delete"),
]
