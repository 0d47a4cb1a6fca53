from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulerUiConfig(AppConfig):
    name = "scheduler_ui"
    verbose_name = _("Punctual")
