from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from scheduler_ui.models.fields import PublicIdField


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person who signs in; the first one is the operator (superuser)."""

    class Clock(models.TextChoices):
        H24 = "24", _("24 h")
        H12 = "12", _("12 h")

    class Theme(models.TextChoices):
        SYSTEM = "system", _("System")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class WeekStart(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    username = None
    first_name = None
    last_name = None
    public_id = PublicIdField()
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    timezone = TimeZoneField(_("time zone"), default="UTC", choices_display="STANDARD", use_pytz=False)
    kept_zone = models.CharField(max_length=64, blank=True)
    week_start = models.SmallIntegerField(_("week starts on"), choices=WeekStart, default=WeekStart.MONDAY)
    clock = models.CharField(_("clock"), max_length=2, choices=Clock, default=Clock.H24)
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    has_shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    mail_failed = models.BooleanField(default=True)
    mail_asked = models.BooleanField(default=True)
    mail_account = models.BooleanField(default=True)
    mail_worker = models.BooleanField(default=True)
    # The last mail with notices: one a minute at most, and the worker who set it is the one who sends.
    mailed_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
