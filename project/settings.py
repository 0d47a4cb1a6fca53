"""Everything that can be set, read from the environment once; `.env.example` lists the variables."""

import os
import secrets
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environ import Env

from project import environment, shapes
from scheduler_ui import logs
from scheduler_ui.engine.queues import WakingQueue

# A system's zone files are often a year old: only the tzdata package counts, so that every machine agrees.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
environment.read_file(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

# With servers for everything, nothing that counts is kept on this machine's disk.
IS_GROWN = shapes.is_grown()
_media = shapes.media()
DATA_DIR = environment.data_dir("DATA_DIR", BASE_DIR / "data", BASE_DIR, is_needed=not IS_GROWN)
DEBUG = environment.flag("DEBUG", False)

# --- Keys -------------------------------------------------------------------------------------------------------------
_secret_keys = environment.keys("SECRET_KEY", DATA_DIR / "secret_key", lambda: secrets.token_urlsafe(50), shortest=50)
SECRET_KEY, *SECRET_KEY_FALLBACKS = _secret_keys
TOKEN_KEYS = environment.fernet_keys("TOKEN_KEYS", DATA_DIR / "token_keys")
QUEUE_KEYS = environment.keys("QUEUE_KEYS", DATA_DIR / "queue_keys", lambda: secrets.token_hex(32), shortest=32)

# --- Where we are reached ---------------------------------------------------------------------------------------------
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.whole("PORT", 8000, lowest=1, highest=65535)
PUBLIC_URL = environment.origin("PUBLIC_URL")
_is_https = PUBLIC_URL.startswith("https://")
# gunicorn speaks plain HTTP, so an https address means that a proxy stands before it.
BEHIND_PROXY = environment.flag("PROXY", _is_https)

# Where links begin that are made outside a request: in mails, by commands.
BASE_URL = PUBLIC_URL or f"http://localhost:{PORT}"

_public_host = urlsplit(PUBLIC_URL).hostname
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
if _public_host:
    ALLOWED_HOSTS += [f"[{_public_host}]" if ":" in _public_host else _public_host]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

SECURE_SSL_REDIRECT = _is_https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = environment.whole("HSTS_SECONDS", 30 * 86400, highest=10**9) if _is_https else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _is_https
SESSION_COOKIE_AGE = 30 * 86400
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_PROXY:
    USE_X_FORWARDED_HOST = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
# Whether the whole domain speaks https, or should be on the browsers' list, is for its owner to say, not for one app.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- The program ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "scheduler_ui",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "huey.contrib.djhuey",
    "django_htmx",
    "template_partials",
    "timezone_field",
]
MIDDLEWARE = [
    "scheduler_ui.middleware.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "scheduler_ui.middleware.NoNullCharacters",
    "scheduler_ui.middleware.Fragments",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "scheduler_ui.context.shell",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database, cache and files ----------------------------------------------------------------------------------------
_threads = environment.whole("THREADS", 16, lowest=1, highest=256)
_connections = environment.whole("DATABASE_CONNECTIONS", min(_threads, 16) + 8, lowest=2, highest=1000)
DATABASES = {"default": shapes.database(DATA_DIR, _connections)}
CACHES = shapes.cache()

STATIC_URL = "static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"
_static_storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
if not DEBUG:
    _static_storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {"default": _media, "staticfiles": {"BACKEND": _static_storage}}
# An upload lies here until it has been looked at: beside what is kept, or where the system keeps such files.
FILE_UPLOAD_TEMP_DIR = None if IS_GROWN else str(DATA_DIR)

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- People -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "scheduler_ui.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "scheduler_ui.adapters.InvitedOnly"
ACCOUNT_FORMS = {
    "login": "scheduler_ui.forms.account.SignInForm",
    "reset_password": "scheduler_ui.forms.account.ResetPasswordForm",
    "reset_password_from_key": "scheduler_ui.forms.account.NewPasswordForm",
    "change_password": "scheduler_ui.forms.account.ChangePasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _is_https else "http"

# --- Mail -------------------------------------------------------------------------------------------------------------
MAIL_IS_SET = bool(environment.text("EMAIL_URL"))
EMAIL_TIMEOUT = 10
vars().update(environment.url("EMAIL_URL", "dummymail://", Env.email_url_config))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text(
    "DEFAULT_FROM_EMAIL", f"Punctual <punctual@{_public_host or 'localhost'}>"
)

# --- Composing --------------------------------------------------------------------------------------------------------
# A megabyte is a million bytes. WORKSPACE_MEDIA_MB=0: no limit but the disk's.
MAX_IMAGE_MB = environment.whole("MAX_IMAGE_MB", 20, lowest=1)
MAX_MEGAPIXELS = environment.whole("MAX_MEGAPIXELS", 50, lowest=1, highest=80)
MAX_VIDEO_MB = environment.whole("MAX_VIDEO_MB", 100, lowest=1)
WORKSPACE_MEDIA_MB = environment.whole("WORKSPACE_MEDIA_MB", 10_000)
POSTS_PER_MINUTE = environment.whole("POSTS_PER_MINUTE", 30, lowest=1)
# A file in a form sent without scripts: what is too large is dropped while it comes in, the text beside it stays.
FILE_UPLOAD_HANDLERS = [
    "scheduler_ui.uploads.Capped",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Publishing -------------------------------------------------------------------------------------------------------
# What a Prometheus elsewhere must show to read /metrics; without it, only this machine and the operator may.
METRICS_TOKEN = environment.text("METRICS_TOKEN")
# None leaves it to the button in the settings; true and false stand over it.
SCHEDULING_ENABLED = environment.flag("SCHEDULING_ENABLED", None)
ALLOW_PRIVATE_TARGETS = environment.networks("ALLOW_PRIVATE_TARGETS")

TIME_SCALE = environment.number("TIME_SCALE", 1, above=0.001)


def _seconds(name: str, default: float) -> float:
    return environment.number(name, default) * TIME_SCALE


def _many_seconds(name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(value * TIME_SCALE for value in environment.numbers(name, default))


# The engine's numbers. Spans are seconds, multiplied by TIME_SCALE; late_minutes is what a workspace begins with.
PUNCTUAL: dict[str, Any] = {
    "tick": _seconds("TICK", 0.25),
    "look_ahead": _seconds("LOOK_AHEAD", 120),
    "lead": _seconds("LEAD", 0.2),
    "claim_before": _seconds("CLAIM_BEFORE", 0.1),
    "publish_deadline": _seconds("PUBLISH_DEADLINE", 20),
    "lease_extra": _seconds("LEASE_EXTRA", 10),
    "beat": _seconds("BEAT", 3),
    "worker_gone": _seconds("WORKER_GONE", 10),
    # So long past its second whatever was offered and is not claimed is offered again: its worker may have died with
    # the message in hand, and within a second another one has sent it.
    "reoffer": _seconds("REOFFER", 0.25),
    # A step of the clock that is no drift, and how long what it jumped over waits lest it jump back.
    "clock_jump": environment.number("CLOCK_JUMP", 1, above=0.1),
    "clock_grace": _seconds("CLOCK_GRACE", 30),
    # What is due no longer than this goes before a backlog; of a backlog, one per account and gap.
    "fresh": _seconds("FRESH", 5),
    "catch_up_gap": _seconds("CATCH_UP_GAP", 3),
    # The runaway brake: so many to one account within a span, and the same again within another. 0: no brake.
    "hourly_cap": environment.whole("ACCOUNT_HOURLY_CAP", 100),
    "brake_span": _seconds("BRAKE_SPAN", 3600),
    "repeat_span": _seconds("REPEAT_SPAN", 86400),
    "late_minutes": environment.whole("LATE_MINUTES", 60),
    "retry_delays": _many_seconds("RETRY_DELAYS", (300, 900, 1800)),
    # After the last one it is sent again, within 30 s of the lease's end.
    "lookup_delays": _many_seconds("LOOKUP_DELAYS", (0, 10, 28)),
    "threads": _threads,
    # Which of the two ways of offering runs: the minute's due check, the tick between, or (as it should be) both.
    "offers_by": environment.choice("OFFERS_BY", "both", ("both", "tick", "minute")),
    "slow_threads": environment.whole("SLOW_THREADS", 2, lowest=1, highest=64),
}

# --- Huey -------------------------------------------------------------------------------------------------------------
_publish, _slow = shapes.queues(("publish", "slow"), DATA_DIR)
HUEY = WakingQueue("publish", _publish, QUEUE_KEYS)
HUEY.slow = WakingQueue("slow", _slow, QUEUE_KEYS)

# --- Logging ----------------------------------------------------------------------------------------------------------
LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING = logs.configured(LOG_LEVEL)
