from django.urls import path

from scheduler_ui.views import feeds, served_media

urlpatterns = [
    path("feeds/<str:slug>/", feeds.page, name="feed"),
    path("feeds/<str:slug>/atom.xml", feeds.atom, name="feed_atom"),
    path("feeds/<str:slug>/feed.json", feeds.json_feed, name="feed_json"),
    path("feeds/<str:slug>/<str:post_id>/", feeds.entry, name="feed_entry"),
    path("media/<str:public_id>/", served_media.file, name="media_file"),
    path("media/<str:public_id>/thumbnail/", served_media.thumbnail, name="media_thumbnail"),
]
