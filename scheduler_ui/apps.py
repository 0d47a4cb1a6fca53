from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scheduler_ui.platforms import words


class SchedulerUiConfig(AppConfig):
    name = "scheduler_ui"
    verbose_name = _("Punctual")

    def ready(self) -> None:
        words.install(gettext)
