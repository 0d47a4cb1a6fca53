"""One module per resource, each with a list `urlpatterns`; scheduler_ui/urls.py includes them all."""
