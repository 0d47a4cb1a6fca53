from django.urls import path

from scheduler_ui.views import one_tap

urlpatterns = [path("answer/<str:token>/", one_tap.answer, name="one_tap")]
