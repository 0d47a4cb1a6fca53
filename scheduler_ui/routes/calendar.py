from django.urls import path

from scheduler_ui.views import calendar, first_steps, moves

urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("calendar/day/", calendar.day, name="calendar_day"),
    path("calendar/shortcuts/", calendar.shortcuts, name="shortcuts"),
    path("calendar/first-steps/hide/", first_steps.hide, name="first_steps_hide"),
    path("calendar/examples/load/", first_steps.load_examples, name="examples_load"),
    path("calendar/examples/remove/", first_steps.remove_examples, name="examples_remove"),
    path("posts/<str:public_id>/move/", moves.move, name="post_move"),
    path("posts/<str:public_id>/move/undo/", moves.undo, name="post_move_undo"),
]
