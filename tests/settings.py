"""The project's settings in a folder of their own that goes when the run ends, blind to the developer's `.env`."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_shared_memory = Path("/dev/shm")  # a test's fsync costs nothing there
_folder = tempfile.mkdtemp(prefix="punctual-tests-", dir=_shared_memory if os.access(_shared_memory, os.W_OK) else None)
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for _name in (
    "DATABASE_URL",
    "REDIS_URL",
    "S3_BUCKET",
    "S3_ENDPOINT",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "S3_REGION",
    "STATIC_ROOT",
    "PUBLIC_URL",
    "EMAIL_URL",
    "SCHEDULING_ENABLED",
    "ALLOW_PRIVATE_TARGETS",
    "DEBUG",
):
    os.environ.pop(_name, None)
os.environ.update(DATA_DIR=_folder, ENV_FILE=os.devnull, DJANGO_ALLOW_ASYNC_UNSAFE="1")

from project.settings import *  # noqa: E402, F403
from project.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

# A file, not memory: the engine's tests claim from several threads and processes at once.
DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Whitenoise warns of a folder that is not there; the tests' server finds the files where they are written.
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
