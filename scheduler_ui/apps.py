from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scheduler_ui import checks
from scheduler_ui.platforms import words


class SchedulerUiConfig(AppConfig):
    name = "scheduler_ui"
    verbose_name = _("Punctual")

    def ready(self) -> None:
        words.install(gettext)
        register(checks.media_on_one_disk, deploy=True)
