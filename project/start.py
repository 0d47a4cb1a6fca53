"""Begin a process: with a setting that cannot be used it ends in one line, without a traceback."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured


def start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.stderr.write(f"Punctual cannot start: {error}\n")
        sys.exit(1)
