"""One line per event, with everything that opens a door masked."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

MASK = "[masked]"
_SECRETS = [
    re.compile(r"(?i)\b(?P<keep>(?:bearer|basic|dpop)\s+)[\w~+/.=-]{8,}"),
    re.compile(r"\b(?P<keep>whsec_)[\w+/=-]+"),
    re.compile(r"\b(?P<keep>)eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"),
    re.compile(
        r"(?i)(?P<keep>(?:password|passwd|secret|token|api_?key|jwt|authorization)[\"']?\s*[=:]\s*[\"']?)[^\s\"',&;}]+"
    ),
    re.compile(r"\b(?P<keep>)[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}\b"),
    re.compile(r"(?P<keep>://[^\s/:@]*:)[^\s/@]+(?=@)"),
    re.compile(r"(?P<keep>/(?:setup|join|reset|answer)/)[\w.:=-]{8,}"),
    re.compile(r"(?P<keep>/password/reset/key/)[\w.:=-]+"),
]


def configured(level: str) -> dict[str, Any]:
    """Return what Django's LOGGING setting takes: everything goes to stderr, through the two classes below."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": Redact}},
        "formatters": {"line": {"()": Line}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers would say everything twice; httpx would tell every address it calls.
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A handler of its own, or run_huey would add one; each step of each task is no news.
            "huey": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "PIL": {"level": "WARNING"},
        },
    }


def redact(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(rf"\g<keep>{MASK}", text)
    return text


class Redact(logging.Filter):
    """Rewrites the record itself, traceback included, so that no formatter after it can show a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


class Line(logging.Formatter):
    """`2026-11-23T09:00:00.042Z INFO engine: words`; a traceback, where there is one, follows indented."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{at} {record.levelname} {record.name.removeprefix('scheduler_ui.')}: {words}"
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        return line + "".join(f"\n    {part}" for part in (record.exc_text or "").splitlines())
